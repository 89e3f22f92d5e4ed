/** CausalConvWithState, worked by hand. Evaluated, and by its function body. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { byBody, direct, elements, modelOfOne, type Single, t } from '../single.ts';

const one = (activation = 'none'): Single => ({
  name: 'CausalConvWithState',
  attributes: { activation: attr.string(activation) },
  outputs: 2,
});

/** One sample of channels that follow each other. */
const line = (values: readonly number[], channels = 1): Tensor =>
  t('float32', [1, channels, values.length / channels], values);
const taps = (values: readonly number[], channels = 1): Tensor =>
  t('float32', [channels, 1, values.length / channels], values);

describe.each([
  ['evaluated', direct],
  ['by its body', byBody],
] as const)('%s', (_, run) => {
  const of = (inputs: readonly (Tensor | null)[], activation?: string) =>
    run(one(activation), inputs).map(elements);

  test('the last tap meets the element itself, and before the first is 0 or the past', () => {
    expect(of([line([1, 2, 3]), taps([10, 1])])).toEqual([[1, 12, 23], [3]]);
    expect(of([line([1, 2, 3]), taps([10, 1]), null, line([5])])).toEqual([[51, 12, 23], [3]]);
    expect(of([line([1, 2, 3]), taps([10, 1]), t('float32', [1], [100])])).toEqual([[101, 112, 123], [3]]);
  });

  test('channels have their own kernels and biases', () => {
    const inputs = [line([1, 2, 3, 4], 2), taps([10, 1, 0, -1], 2), t('float32', [2], [0.5, 0.25])];
    expect(of(inputs)).toEqual([
      [1.5, 12.5, -2.75, -3.75],
      [2, 4],
    ]);
  });

  test('a short input keeps what was before it', () => {
    expect(of([line([7]), taps([4, 2, 1])])).toEqual([[7], [0, 7]]);
    expect(of([line([7]), taps([4, 2, 1]), null, line([1, 2])])).toEqual([[15], [2, 7]]);
  });

  test('a kernel of one element has no state', () => {
    const [, state] = run(one(), [line([1, 2]), taps([3])]);
    expect(state?.dims).toEqual([1, 1, 0]);
    expect(of([line([1, 2]), taps([3])])).toEqual([[3, 6], []]);
  });

  test('silu and swish are one: x · sigmoid(x)', () => {
    for (const name of ['silu', 'swish']) {
      const [[a, b] = []] = of([line([0, 2]), taps([1])], name);
      expect(a).toBe(0);
      expect(b).toBeCloseTo(2 / (1 + Math.exp(-2)), 6);
    }
  });

  test('sums are in single precision, and rounded once', () => {
    // 2048 + 1 + 1 is 2050 in single precision; float16 would stay at 2048 step by step.
    const [out] = run(one(), [t('float16', [1, 1, 3], [1, 1, 2048]), t('float16', [1, 1, 3], [1, 1, 1])]);
    expect(elements(out)).toEqual([1, 2, 2050]);
  });
});

test('no input leaves the state as it is', () => {
  const inputs = [line([]), taps([4, 2, 1]), null, line([1, 2])];
  expect(direct(one(), inputs).map(elements)).toEqual([[], [1, 2]]);
});

test.each<readonly [readonly Tensor[], string, RegExp]>([
  [[line([1]), taps([1])], 'relu', /no activation 'relu'/],
  [[line([1, 2], 2), taps([1])], 'none', /2, 1 channels/],
  [[line([1]), taps([1, 1]), t('float32', [1], [0]), line([1, 2])], 'none', /a state of 2 elements/],
  [[line([1]), t('float32', [1, 2, 1], [1, 1])], 'none', /its own kernel/],
  [[line([1]), t('float32', [1, 1, 0], [])], 'none', /one element at least/],
])('refused where its inputs do not fit (%#)', (inputs, activation, why) => {
  expect(() => modelOfOne(one(activation), inputs)).toThrow(why);
});
