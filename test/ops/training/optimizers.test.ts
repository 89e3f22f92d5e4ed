/** Momentum, Adagrad, Adam: one update worked by hand in numbers that are exact; and the types of Gradient. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { direct, elements, modelOfOne, type Single, t } from '../single.ts';

const domain = 'ai.onnx.preview.training';
const one = (...values: readonly number[]): Tensor => t('float32', [values.length], values);
const rate = t('float32', [], [0.5]);
const count = (n: number): Tensor => t('int64', [], [n]);

const run = (
  name: string,
  inputs: readonly Tensor[],
  attributes: Record<string, number | string>,
  outputs: number,
): number[][] => direct(single(name, attributes, outputs), inputs).map(elements);

const single = (name: string, attributes: Record<string, number | string>, outputs: number): Single => ({
  domain,
  name,
  outputs,
  attributes: Object.fromEntries(
    Object.entries(attributes).map(([k, v]) => [k, typeof v === 'string' ? attr.string(v) : attr.float(v)]),
  ),
});

describe('Momentum', () => {
  const given = { norm_coefficient: 0.25, alpha: 0.5, beta: 0.125, mode: 'standard' };
  // G is 0.25 · 8 + 6 = 8.
  const tensors = [one(8), one(6), one(4)];

  test('the first update takes beta as 1, later ones as it is given', () => {
    // V: 0.5 · 4 + 8 = 10, and X: 8 − 0.5 · 10.
    expect(run('Momentum', [rate, count(0), ...tensors], given, 2)).toEqual([[3], [10]]);
    // V: 0.5 · 4 + 0.125 · 8 = 3.
    expect(run('Momentum', [rate, count(1), ...tensors], given, 2)).toEqual([[6.5], [3]]);
  });

  test('nesterov looks ahead: 8 + 0.5 · 3', () => {
    const ahead = { ...given, mode: 'nesterov' };
    expect(run('Momentum', [rate, count(1), ...tensors], ahead, 2)).toEqual([[8 - 0.5 * 9.5], [3]]);
  });

  test('several tensors of their own shapes and dtypes', () => {
    const double = (x: number) => t('float64', [1, 1], [x]);
    const inputs = [rate, count(1), one(8), double(8), one(6), double(6), one(4), double(4)];
    const [x1, x2, v1, v2] = direct(single('Momentum', given, 4), inputs);
    expect([x1, x2, v1, v2].map(elements)).toEqual([[6.5], [6.5], [3], [3]]);
    expect([x2?.dtype, x2?.dims, v1?.dtype]).toEqual(['float64', [1, 1], 'float32']);
  });

  test('refuses another mode, and inputs that do not make tensors', () => {
    expect(() => run('Momentum', [rate, count(0), ...tensors], { ...given, mode: 'x' }, 2)).toThrow(
      /no mode 'x'/,
    );
    expect(() => run('Momentum', [rate, count(0), one(1), one(1)], given, 2)).toThrow(/3 inputs a tensor/);
    const { alpha, ...without } = given;
    expect(alpha).toBe(0.5);
    expect(() => run('Momentum', [rate, count(0), ...tensors], without, 2)).toThrow(/lacks attribute alpha/);
  });
});

describe('Adagrad', () => {
  test('the rate decays with T, and by the root of the squares so far', () => {
    // G is 0.5 · 4 + 1 = 3, H 16 + 9 = 25; r is 0.5 / (1 + 2 · 0.5) = 0.25; X: 4 − 0.25 · 3 / (5 + 1).
    const given = { norm_coefficient: 0.5, decay_factor: 0.5, epsilon: 1 };
    expect(run('Adagrad', [rate, count(2), one(4), one(1), one(16)], given, 2)).toEqual([[3.875], [25]]);
  });

  test('without attributes: no decay, no regularisation, a small epsilon', () => {
    // 1 − 0.5 · 3 / (5 + 1e-6).
    const [[x] = []] = run('Adagrad', [rate, count(9), one(1), one(3), one(16)], {}, 2);
    expect(x).toBeCloseTo(0.7, 6);
  });

  test('a gradient of 0 where none ever was stays finite', () => {
    expect(run('Adagrad', [rate, count(0), one(1), one(0), one(0)], {}, 2)).toEqual([[1], [0]]);
  });
});

describe('Adam', () => {
  const given = { alpha: 0.5, beta: 0.75, epsilon: 1, norm_coefficient: 0.5, norm_coefficient_post: 0.25 };
  // G is 0.5 · 2 + 3 = 4; V 0.5 · 8 + 0.5 · 4 = 6; H 0.75 · 16 + 0.25 · 16 = 16, its root and epsilon 5.
  const tensors = [one(2), one(3), one(8), one(16)];

  test('the first update has no correction', () => {
    const [[x] = [], v, h] = run('Adam', [rate, count(0), ...tensors], given, 3);
    // 0.75 · (2 − 0.5 · 6 / 5).
    expect(x).toBeCloseTo(1.05, 6);
    expect([v, h]).toEqual([[6], [16]]);
  });

  test('later ones correct the rate by powers of alpha and beta', () => {
    // r: 0.5 · √(1 − 0.75) / (1 − 0.5) = 0.5, and for T = 2 0.5 · √0.4375 / 0.75.
    const at = (n: number) => run('Adam', [rate, count(n), ...tensors], given, 3)[0]?.[0];
    expect(at(1)).toBeCloseTo(0.75 * (2 - (0.5 * 6) / 5), 6);
    expect(at(2)).toBeCloseTo(0.75 * (2 - (((0.5 * Math.sqrt(0.4375)) / 0.75) * 6) / 5), 6);
  });

  test('takes four inputs a tensor', () => {
    expect(() => run('Adam', [rate, count(0), one(1), one(1), one(1)], {}, 3)).toThrow(/4 inputs a tensor/);
  });
});

describe('Gradient', () => {
  const gradient = (xs: readonly string[], inputs: readonly Tensor[], outputs = 1) =>
    modelOfOne(
      { domain, name: 'Gradient', outputs, attributes: { xs: attr.strings(xs), y: attr.string('y') } },
      inputs,
    );

  test('is typed: derivatives have the shapes of what they are by', () => {
    expect(
      gradient(['a', 'b'], [one(1, 2), t('float64', [], [1])], 2).graph.results.map(({ type }) => type),
    ).toEqual([
      { kind: 'tensor', dtype: 'float32', dims: [2], absent: 'never' },
      { kind: 'tensor', dtype: 'float64', dims: [], absent: 'never' },
    ]);
    expect(() => gradient(['a'], [one(1), one(2)])).toThrow(/name 1 tensors, and 2 are given/);
  });
});
