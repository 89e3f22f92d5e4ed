/** RNN, GRU and LSTM: attributes drawn at random against onnxruntime 1.30 (fixtures/onnx-nn), and edges worked by hand. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { tensorType } from '../../../src/ir/model.ts';
import { express, obstacles } from '../../../src/passes/express.ts';
import { expectAgreement } from '../agree.ts';
import { inputsOf, modelOf, tensorOfVector, type Vector, type VectorTensor } from '../vectors.ts';

const vectors: Record<string, readonly Vector[]> = JSON.parse(
  readFileSync(new URL('../../../fixtures/onnx-nn/recurrent.json', import.meta.url), 'utf8'),
);

/** Some 10 float32 sums of magnitude ~1 a step, 4 steps, in another order; onnxruntime approximates Tanh and Sigmoid by 1e-6. */
const close = { relative: 2e-5, absolute: 2e-5 };

for (const [name, cases] of Object.entries(vectors)) {
  describe(name, () => {
    for (const vector of cases) {
      test(vector.name, () => {
        const model = modelOf('', name, vector, { rows: false });
        const results = evaluator(model).run(inputsOf(vector));
        vector.outputs.forEach((expected, i) => {
          expect(model.graph.results[i]?.type).toEqual(tensorType(expected.dtype, expected.dims));
          expectAgreement(results.get(`Y${i}`), tensorOfVector(expected), close);
        });
      });
    }
  });
}

const f32 = (dims: readonly number[], data: readonly number[]): VectorTensor => ({
  dtype: 'float32',
  dims,
  data,
});

/** Weights of a hidden state of one element. */
const one = (
  inputs: Vector['inputs'],
  attributes: Vector['attributes'] = {},
  version = 22,
  outputs = 2,
): Vector => ({
  name: '',
  version,
  attributes: { hidden_size: { int: 1 }, ...attributes },
  inputs,
  outputs: new Array(outputs).fill(f32([], [])),
});

const run = (name: string, vector: Vector) => {
  const model = modelOf('', name, vector, { rows: false });
  const results = evaluator(model).run(inputsOf(vector));
  return vector.outputs.map((_, i) => Array.from(results.get(`Y${i}`)?.data as Float32Array));
};

describe('worked by hand', () => {
  const relu = { activations: { strings: ['Relu', 'Relu'] } };

  test('RNN: h = relu(2x + 3h + 1 + 10)', () => {
    // x = 1, -20: 2 + 0 + 11 = 13; -40 + 39 + 11 = 10.
    const inputs = [f32([2, 1, 1], [1, -20]), f32([1, 1, 1], [2]), f32([1, 1, 1], [3]), f32([1, 2], [1, 10])];
    expect(run('RNN', one(inputs, relu))).toEqual([[13, 10], [10]]);
    // Backwards: -40 + 11 < 0 → 0; 2 + 0 + 11 = 13. Y stands in the order of X.
    expect(run('RNN', one(inputs, { ...relu, direction: { string: 'reverse' } }))).toEqual([[13, 0], [13]]);
    // clip 5 bounds what goes into relu.
    expect(run('RNN', one(inputs, { ...relu, clip: { float: 5 } }))).toEqual([[5, 0], [0]]);
  });

  test('Affine and the others have the defaults of the operators they are named after', () => {
    const inputs = [f32([1, 1, 1], [0.75]), f32([1, 1, 1], [1]), f32([1, 1, 1], [0])];
    const by = (name: string) => run('RNN', one(inputs, { activations: { strings: [name] } }))[1]?.[0];
    expect(by('Affine')).toBe(0.75);
    expect(by('ThresholdedRelu')).toBe(0);
    expect(by('HardSigmoid')).toBeCloseTo(0.65, 6);
    expect(by('Softsign')).toBeCloseTo(0.75 / 1.75, 6);
    expect(() => by('ScaledTanh')).toThrow(/ScaledTanh has no default; give it activation_alpha/);
    expect(() => by('Gelu')).toThrow(/there is no activation Gelu/);
  });

  test('LSTM of version 1: output_sequence says nothing about Y', () => {
    // All gates are relu; W = 1 for i, o, f, c; x = 2: i = o = f = 2, c = 2·0 + 2·2 = 4, h = 2·relu(4) = 8.
    const inputs = [f32([1, 1, 1], [2]), f32([1, 4, 1], [1, 1, 1, 1]), f32([1, 4, 1], [0, 0, 0, 0])];
    const attributes = { activations: { strings: ['Relu', 'Relu', 'Relu'] }, output_sequence: { int: 0 } };
    expect(run('LSTM', one(inputs, attributes, 1, 3))).toEqual([[8], [8], [4]]);
  });

  test('float16 states are rounded at every step', () => {
    const half = (dims: readonly number[], data: readonly number[]) => ({
      ...f32(dims, data),
      dtype: 'float16' as const,
    });
    // 2049 lies between 2048 and 2050 of float16: 1 + 2048 rounds to the even 2048.
    const inputs = [
      half([1, 1, 1], [1]),
      half([1, 1, 1], [1]),
      half([1, 1, 1], [1]),
      null,
      null,
      half([1, 1, 1], [2048]),
    ];
    expect(run('RNN', one(inputs, relu))[1]).toEqual([2048]);
  });
});

test('rows are independent where the batch comes first', () => {
  const vector = vectors.LSTM?.find((v) => v.attributes.layout && v.inputs[4]) as Vector;
  const weights = { constants: [1, 2, 3, 7] };
  const model = modelOf('', 'LSTM', vector, weights);
  expect(model.graph.results.map((r) => r.type.kind === 'tensor' && r.type.dims?.[0])).toEqual([
    'N',
    'N',
    'N',
  ]);
  const results = evaluator(model).run(inputsOf(vector, weights));
  expectAgreement(results.get('Y1'), tensorOfVector(vector.outputs[1] as VectorTensor), close);
});

describe('at older opsets', () => {
  test.each(['RNN', 'GRU', 'LSTM'])('%s with the batch first is transposed for opset 7', (name) => {
    const vector = vectors[name]?.find((v) => v.attributes.layout && v.inputs[5]) as Vector;
    const model = express(modelOf('', name, vector, { rows: false }), new Map([['', 7]]));
    const node = model.graph.nodes.find((n) => n.op.name === name);
    expect(node?.op.since).toBe(7);
    expect(node?.attributes.has('layout')).toBe(false);
    const results = evaluator(model).run(inputsOf(vector));
    vector.outputs.forEach((expected, i) => {
      expectAgreement(results.get(model.graph.results[i]?.name ?? ''), tensorOfVector(expected), close);
    });
  });

  test('GRU 1 has no linear_before_reset', () => {
    const vector = vectors.GRU?.find((v) => v.attributes.linear_before_reset) as Vector;
    const model = modelOf('', 'GRU', vector, { rows: false });
    expect(obstacles(model, new Map([['', 3]]))).toEqual([]);
    expect(obstacles(model, new Map([['', 1]]))[0]?.why).toMatch(/no attribute linear_before_reset/);
  });
});

describe('what does not fit is refused', () => {
  const x = f32([1, 1, 1], [1]);
  const cases: readonly (readonly [string, Vector, RegExp])[] = [
    [
      'weights of another hidden size',
      one([x, f32([1, 2, 1], [1, 1]), x]),
      /input 1 is \[1, 2, 1\]; it takes \[1, 1, 1\]/,
    ],
    ['a direction that is none', one([x, x, x], { direction: { string: 'up' } }), /direction is up/],
    [
      'one direction of two',
      one([x, x, x], { direction: { string: 'bidirectional' } }),
      /it takes \[2, 1, 1\]/,
    ],
    ['a layout that is none', one([x, x, x], { layout: { int: 2 } }), /layout is 2/],
    [
      'a length beyond the steps',
      one([x, x, x, null, { ...f32([1], [2]), dtype: 'int32' }]),
      /sequence_lens \[2\]/,
    ],
  ];
  test.each(cases)('%s', (_, vector, message) => {
    const build = () => run('RNN', vector);
    expect(build).toThrow(PortolanError);
    expect(build).toThrow(message);
  });
});
