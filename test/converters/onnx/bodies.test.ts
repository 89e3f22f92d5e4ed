/** Bodies of If, Loop and Scan on their way through a file: captured values, names, types left out, and back as they were. */
import { describe, expect, test } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { writer } from '../../../converters/onnx/writer.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { memorySource } from '../../../src/files/source.ts';
import type { Model } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { check } from '../../../src/ir/verifier.ts';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.ts';
import { readCases } from '../../ops/onnx/cases.ts';
import { bytesOf, type Fields, floats, ModelProto, model as modelFields, node, value } from './models.ts';

const model = (graph: Fields, more: Fields = {}): Uint8Array => bytesOf(modelFields(graph, more));

const opened = (bytes: Uint8Array): Model =>
  reader.read(memorySource('model.onnx', bytes), { asWritten: true }).model;

const written = (m: Model): Uint8Array =>
  Buffer.concat([...(writer.write(m, { opset: m.opsets.get('') as number }).files[0]?.chunks() ?? [])]);

/** As protobufjs reads it, without what is said in two ways: a domain written out, and our own metadata. */
const said = (bytes: Uint8Array): unknown => {
  const {
    metadata_props: _,
    ir_version: __,
    ...rest
  } = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number });
  return JSON.parse(JSON.stringify(rest, (k, v) => (k === 'domain' && v === '' ? undefined : v)));
};

const graphOf = (attribute: string, graph: Fields): Fields => ({ name: attribute, type: 5, g: graph });

const int64 = 7;
const bool = 9;
const flag = (name: string): Fields => ({ name, dims: [], data_type: bool, int32_data: [1] });

const run = (m: Model, inputs: Record<string, Tensor>): Record<string, unknown[]> =>
  Object.fromEntries(
    [...evaluator(m).run(new Map(Object.entries(inputs)))].map(([k, t]) => [
      k,
      Array.from(t.data as Float32Array),
    ]),
  );

describe('written to its own opset it is the same model', () => {
  const withBodies = readCases().filter(
    (c) => Buffer.from(c.model).includes('body') || Buffer.from(c.model).includes('_branch'),
  );

  test('every case of the standard with bodies', () => {
    expect(withBodies.length).toBeGreaterThan(40);
    for (const c of withBodies) {
      const m = opened(c.model);
      expect(check(m), c.path).toEqual([]);
      if (Number(m.opsets.get('')) >= 7) expect(said(written(m)), c.path).toEqual(said(c.model));
    }
  });

  /** y = sum over the iterations of (x + 1) where the counter is even, else of −x; both branches call their value `t`. */
  const nested = model({
    input: [value('x', 1, [2]), value('m', int64, [])],
    output: [value('y', 1, [2]), value('all', 1, [null, 2])],
    initializer: [
      floats('one', [1], [1]),
      flag('go'),
      { name: 'two', dims: [], data_type: int64, int64_data: [2] },
      { name: 'zero', dims: [], data_type: int64, int64_data: [0] },
      floats('start', [2], [0, 0]),
    ],
    node: [
      node('Loop', ['m', 'go', 'start'], ['y', 'all'], {
        doc_string: 'a loop',
        attribute: [
          graphOf('body', {
            name: 'the body',
            doc_string: 'of the loop',
            // Types of a body may be left out: they follow from the node.
            input: [{ name: 'i' }, { name: 'c' }, { name: 'sum', doc_string: 'so far' }],
            output: [{ name: 'c' }, value('next', 1, [2]), { name: 'kept' }],
            value_info: [value('r', int64, [])],
            node: [
              node('Mod', ['i', 'two'], ['r']),
              node('Equal', ['r', 'zero'], ['even']),
              node('If', ['even'], ['d'], {
                attribute: [
                  graphOf('then_branch', {
                    name: 'even',
                    output: [value('t', 1, [2])],
                    node: [node('Add', ['x', 'one'], ['t'])],
                  }),
                  graphOf('else_branch', {
                    name: 'odd',
                    output: [value('t', 1, [2])],
                    node: [node('Neg', ['x'], ['t'])],
                  }),
                ],
              }),
              node('Add', ['sum', 'd'], ['next']),
              node('Identity', ['next'], ['kept']),
            ],
          }),
        ],
      }),
    ],
  });

  test('bodies in bodies, names used beside each other, types left out, captures of captures', () => {
    const m = opened(nested);
    expect(check(m)).toEqual([]);
    expect(said(written(m))).toEqual(said(nested));
    // (1, 2) + 1 = (2, 3); − (1, 2) = (1, 1); + (2, 3) = (3, 4)
    expect(run(m, { x: tensorOf('float32', [2], [1, 2]), m: tensorOf('int64', [], [3]) })).toEqual({
      y: [3, 4],
      all: [2, 3, 1, 1, 3, 4],
    });
    // What the file leaves out is known: the sum keeps its shape in every round.
    const body = m.graph.nodes[0]?.attributes.get('body');
    if (body?.kind !== 'region') throw new Error('no body');
    expect(body.region.params.map((p) => formatType(p.type))).toEqual(['int64[]', 'bool[]', 'float32[2]']);
    expect(body.region.captures.map((v) => v.name).sort()).toEqual(['one', 'two', 'x', 'zero']);
  });

  test('what is written again is the same again', () => {
    const once = written(opened(nested));
    expect(said(written(opened(once)))).toEqual(said(once));
  });
});

test('a value that a loop carries and that grows has an extent nobody knows, whatever the file declares of it', () => {
  const m = opened(
    model({
      input: [value('m', int64, [])],
      output: [value('y', 1, [null])],
      initializer: [floats('start', [1], [7]), flag('go')],
      node: [
        node('Loop', ['m', 'go', 'start'], ['y'], {
          attribute: [
            graphOf('body', {
              name: 'b',
              input: [value('i', int64, []), value('c', bool, []), value('v', 1, [1])],
              output: [value('c', bool, []), value('w', 1, [1])],
              node: [node('Concat', ['v', 'v'], ['w'], { attribute: [{ name: 'axis', type: 2, i: 0 }] })],
            }),
          ],
        }),
      ],
    }),
  );
  expect(formatType(m.graph.results[0]?.type ?? { kind: 'unknown' })).toBe('float32[?]');
  expect(run(m, { m: tensorOf('int64', [], [3]) })).toEqual({ y: new Array(8).fill(7) });
  expect(run(m, { m: tensorOf('int64', [], [0]) })).toEqual({ y: [7] });
});

test('before IR version 4 the constants of a body are inputs of it too', () => {
  const branch = (name: string, x: number): Fields =>
    graphOf(name, {
      name,
      input: [value('k', 1, [1])],
      initializer: [floats('k', [1], [x])],
      output: [value('t', 1, [1])],
      node: [node('Identity', ['k'], ['t'])],
    });
  const m = opened(
    model(
      {
        input: [value('c', bool, [])],
        output: [value('y', 1, [1])],
        node: [node('If', ['c'], ['y'], { attribute: [branch('then_branch', 1), branch('else_branch', 2)] })],
      },
      { ir_version: 3, opset_import: [{ version: 7 }] },
    ),
  );
  expect(run(m, { c: tensorOf('bool', [], [1]) })).toEqual({ y: [1] });
  expect(run(m, { c: tensorOf('bool', [], [0]) })).toEqual({ y: [2] });
});
