/**
 * Shapes that travel through a graph as PyTorch's exporters write it, with a symbolic batch (fixtures/onnx-shapes/make.py, where
 * the expected shapes are worked out by hand and run in onnxruntime): the symbol must survive to the output.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { memorySource } from '../../../src/files/source.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Dim, type Model, tensorType } from '../../../src/ir/model.ts';
import { operators } from '../../../src/ops/registry.ts';
import { rebuild } from '../../../src/passes/rebuild.ts';
import { constant } from '../../../src/tensor/data.ts';
import { zeros } from '../../../src/tensor/tensor.ts';
import { refit } from './cases.ts';

const folder = new URL('../../../fixtures/onnx-shapes/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, readonly Dim[]>>>
>;

const read = (name: string): Model =>
  reader.read(memorySource(name, readFileSync(new URL(`${name}.onnx`, folder)))).model;

const shapes = (model: Model) =>
  Object.fromEntries(model.graph.results.map((r) => [r.name, r.type.kind === 'tensor' ? r.type.dims : null]));

describe('graphs as PyTorch exports them', () => {
  test('every model has its expectations', () => {
    const models = readdirSync(folder).flatMap((f) => (f.endsWith('.onnx') ? [f.slice(0, -5)] : []));
    expect(models).toEqual(Object.keys(expected).sort());
  });

  describe.each(Object.entries(expected))('%s', (name, wanted) => {
    test('is inferred with its symbols', () => {
      expect(shapes(refit(read(name)))).toEqual(wanted);
    });

    test('is inferred the same when it is built anew', () => {
      expect(shapes(rebuild(refit(read(name)), () => undefined))).toEqual(wanted);
    });

    test.each([
      { N: 1, S: 4, M: 1 },
      { N: 3, S: 6, M: 3 },
    ] as Readonly<Record<string, number>>[])('comes out so for %o', (symbols) => {
      const model = refit(read(name));
      const inputs = new Map(
        model.graph.params.map(({ name: input, type }) => {
          if (type.kind !== 'tensor') throw new Error(`${input} is no tensor`);
          const dims = (type.dims ?? []).map((d) =>
            typeof d === 'string' ? (symbols[d] as number) : Number(d),
          );
          return [input, zeros(type.dtype, dims)] as const;
        }),
      );
      const results = evaluator(model).run(inputs);
      for (const [output, dims] of Object.entries(wanted)) {
        const got = results.get(output)?.dims ?? [];
        expect(got).toEqual(dims.map((d, i) => (typeof d === 'string' ? symbols[d] : (d ?? got[i]))));
      }
    });
  });
});

describe('what is known of elements', () => {
  test('a body sees what is known around it', () => {
    const b = new Builder(operators);
    const x = b.input('x', tensorType('float32', ['N', 7]));
    const shape = b.op('Shape', [x]);
    const inner = b.inner();
    const n = inner.op('Gather', [shape, inner.constant(constant('int64', [0]))], {
      axis: { kind: 'int', value: 0 },
    });
    expect(inner.known.elements?.(n)).toEqual(['N']);
    expect(b.known.elements?.(n)).toBeUndefined();
  });

  test('nothing is worked out for large tensors, and long graphs are quick', () => {
    const b = new Builder(operators);
    const large = b.parameter('large', {
      ...constant('float32', []),
      dims: [1 << 20],
      count: 1 << 20,
      read: () => {
        throw new Error('a large constant was read');
      },
    });
    b.op('Add', [large, large]);
    const [x, zero] = [b.input('x', tensorType('float32', ['N', 3])), b.constant(constant('int64', [0]))];
    let size = b.op('Shape', [x]);
    const began = performance.now();
    for (let i = 0; i < 100_000; i++) size = b.op('Add', [size, zero]);
    // 2 s on the machine it was written on; a walk back from each node takes hours.
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(b.known.elements?.(size)).toEqual(['N', 3]);
  }, 60_000);
});
