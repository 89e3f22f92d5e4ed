/** FlexAttention, worked by hand: queries of 0 see all keys alike. Evaluated, and by its function body. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Region, tensorType, type Value } from '../../../src/ir/model.ts';
import { operators } from '../../../src/ops/registry.ts';
import { express } from '../../../src/passes/express.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { bodyOf, elements, modelOfOne, runModel, type Single, t } from '../single.ts';

type Make = (b: Builder, x: Value) => Value;

const graph = (outer: Builder, make: Make, dtype: DType = 'float32'): Region => {
  const b = outer.inner();
  return b.finish([make(b, b.input('x', tensorType(dtype, ['B', 'H', 'L', 'S'])))]);
};

const scalar = (b: Builder, value: number, dtype: DType = 'float32'): Value =>
  b.constant(constant(dtype, [value], []));

/** What the modifiers are: made anew for each model, since they belong to its builder. */
const model = (
  inputs: readonly Tensor[],
  make: {
    readonly score?: Make;
    readonly prob?: Make;
    readonly more?: Single['attributes'];
    readonly dtype?: DType;
  } = {},
) => {
  const b = new Builder(operators);
  const attributes = {
    ...(make.score && { score_mod: attr.region(graph(b, make.score, make.dtype)) }),
    ...(make.prob && { prob_mod: attr.region(graph(b, make.prob, make.dtype)) }),
    ...make.more,
  };
  return modelOfOne({ domain: 'ai.onnx.preview', name: 'FlexAttention', opset: 1, attributes }, inputs, b);
};

const one = (values: readonly number[], heads = 1): Tensor =>
  t('float32', [1, heads, values.length / heads, 1], values);
const uniform = [one([0]), one([0, 0]), one([1, 3])] as const;

describe.each([
  ['evaluated', (m: ReturnType<typeof model>) => m],
  ['by its body', (m: ReturnType<typeof model>) => bodyOf(m, 'FlexAttention')],
] as const)('%s', (_, way) => {
  const of = (...args: Parameters<typeof model>): number[] =>
    elements(runModel(way(model(...args)), args[0])[0]);

  test('without modifiers it is attention', () => {
    expect(of(uniform)).toEqual([2]);
    const grouped = [one([0, 0, 0, 0], 4), one([0, 0, 0, 0], 2), one([1, 3, 5, 7], 2)];
    expect(of(grouped)).toEqual([2, 2, 6, 6]);
  });

  test('score_mod changes the scores: −∞ hides', () => {
    const hidden = (b: Builder, x: Value) =>
      b.op('Add', [x, b.constant(constant('float32', [0, -Infinity]))]);
    expect(of(uniform, { score: hidden })).toEqual([1]);
  });

  test('prob_mod changes the weights, which need not come to 1', () => {
    const halved = (b: Builder, x: Value) => b.op('Mul', [x, scalar(b, 0.5)]);
    expect(of(uniform, { prob: halved })).toEqual([1]);
    expect(of(uniform, { score: halved, prob: halved })).toEqual([1]);
  });

  test('a row of −∞ is NaN: nothing guards it', () => {
    const gone = (b: Builder, x: Value) => b.op('Sub', [x, scalar(b, Infinity)]);
    expect(of(uniform, { score: gone })).toEqual([NaN]);
  });

  test('a modifier may read what stands around the node', () => {
    const b = new Builder(operators);
    const factor = b.input('factor', tensorType('float32', []));
    const inner = graph(b, (r, x) => r.op('Mul', [x, factor]));
    const m = modelOfOne(
      {
        domain: 'ai.onnx.preview',
        name: 'FlexAttention',
        opset: 1,
        attributes: { prob_mod: attr.region(inner) },
      },
      uniform,
      b,
    );
    expect(elements(runModel(way(m), uniform, { factor: t('float32', [], [3]) })[0])).toEqual([6]);
  });

  test('modifiers see the dtype of softmax_precision: single unless Q is double', () => {
    const dims = [1, 1, 1, 1];
    const half = [0, 0, 1].map((x) => t('float16', dims, [x]));
    // 1 / 3 of a weight of 1 is kept in single precision, and rounded to float16 with the result.
    const third = (dtype: DType) => (b: Builder, x: Value) => b.op('Div', [x, scalar(b, 3, dtype)]);
    expect(of(half, { prob: third('float32') })).toEqual([0.333251953125]);
    const wide = [0, 0, 1].map((x) => t('float64', dims, [x]));
    expect(of(wide, { prob: third('float64'), dtype: 'float64' })).toEqual([1 / 3]);
    const asked = { more: { softmax_precision: attr.int(11) }, dtype: 'float64' as const };
    expect(of([one([0]), one([0]), one([1])], { prob: third('float64'), ...asked })).toEqual([
      Math.fround(1 / 3),
    ]);
  });
});

test.each<readonly [string, readonly Tensor[], Parameters<typeof model>[1], RegExp]>([
  ['packed inputs', [1, 1, 1].map(() => t('float32', [1, 1, 1], [0])), {}, /rank 4, not 3/],
  [
    'heads that do not come out even',
    [one([0, 0, 0], 3), one([0, 0], 2), one([0, 0], 2)],
    {},
    /no multiple of 2/,
  ],
  ['values of another length', [one([0]), one([0]), one([1, 2])], {}, /lengths of keys and values/],
])('refuses %s', (_, inputs, make, why) => {
  expect(() => model(inputs, make)).toThrow(why);
});

test('a modifier that gives another shape is refused when it runs', () => {
  const first = (b: Builder, x: Value) =>
    b.op('ReduceSum', [x, b.constant(constant('int64', [-1]))], { keepdims: attr.int(1) });
  expect(() => runModel(model(uniform, { score: first }), uniform)).toThrow(/score_mod must give/);
});

test('a target without the domain gets the operators of the body', () => {
  const halved = (b: Builder, x: Value) => b.op('Mul', [x, scalar(b, 0.5)]);
  const said = express(model(uniform, { prob: halved }), new Map([['', 17]]));
  expect(said.graph.nodes.every(({ op }) => op.domain === '')).toBe(true);
  expect(elements(runModel(said, uniform)[0])).toEqual([1]);
});
