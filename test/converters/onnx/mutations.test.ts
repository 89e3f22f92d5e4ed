/** Whatever the bytes are, reading ends with a model or a PortolanError, soon. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { writer } from '../../../converters/onnx/writer.ts';
import { memorySource } from '../../../src/files/source.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { fixture, fixtures } from './models.ts';

const survives = (bytes: Uint8Array): void => {
  try {
    const { model } = reader.read(memorySource('m.onnx', bytes));
    // What is read can be looked at and written, or is refused there.
    for (const p of model.graph.parameters) if (p.data.count < 1e6) p.data.read(0, p.data.count);
    const opset = model.opsets.get('');
    for (const f of writer.write(model, opset === undefined ? {} : { opset }).files)
      for (const _ of f.chunks());
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
    expect(error.diagnostic.rule).toMatch(/^[a-z]+\/[a-z0-9-]+$/);
  }
};

const edits = (size: number) =>
  fc.array(
    fc.record({
      at: fc.nat(size - 1),
      kind: fc.constantFrom('set', 'insert', 'delete', 'cut'),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x7f, 0x80, 0xff)),
    }),
    { minLength: 1, maxLength: 4 },
  );

describe('bytes changed at random', () => {
  test.each(fixtures)('%s', (name) => {
    const original = fixture(`${name}/model.onnx`);
    fc.assert(
      fc.property(edits(original.length), (list) => {
        const bytes = [...original];
        for (const { at, kind, byte } of list) {
          const i = at % Math.max(bytes.length, 1);
          if (kind === 'set') bytes[i] = byte;
          else if (kind === 'insert') bytes.splice(i, 0, byte);
          else if (kind === 'delete') bytes.splice(i, 1);
          else bytes.length = i;
        }
        survives(Uint8Array.from(bytes));
      }),
      { numRuns: 60, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false },
    );
  });

  test('bytes that never were a model', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: 500 });
  });
});
