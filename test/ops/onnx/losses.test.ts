/** NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss, worked by hand. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { direct, elements, modelOfOne, type Single, t } from '../single.ts';

type Attributes = NonNullable<Single['attributes']>;

/** The loss, −0 as 0. */
const loss = (
  inputs: readonly (Tensor | null)[],
  reduction: string,
  more: Attributes = {},
  opset = 22,
): number[] =>
  elements(
    direct(
      {
        name: 'NegativeLogLikelihoodLoss',
        opset,
        attributes: { reduction: attr.string(reduction), ...more },
      },
      inputs,
    )[0],
  ).map((x) => x + 0);

// Three samples of two classes: the targets meet −1, −4, −5.
const scores = t('float32', [3, 2], [1, 2, 3, 4, 5, 6]);
const target = t('int64', [3], [0, 1, 0]);
const weight = t('float32', [2], [2, 0.5]);
const ignore = (i: number): Attributes => ({ ignore_index: attr.int(i) });

describe('NegativeLogLikelihoodLoss', () => {
  test.each([12, 13, 22])('reductions, with weights and without, at opset %i', (opset) => {
    const inputs = [scores, target];
    expect(loss(inputs, 'none', {}, opset)).toEqual([-1, -4, -5]);
    expect(loss(inputs, 'sum', {}, opset)).toEqual([-10]);
    expect(loss(inputs, 'mean', {}, opset)).toEqual([expect.closeTo(-10 / 3, 6)]);
    const weighted = [...inputs, weight];
    expect(loss(weighted, 'none', {}, opset)).toEqual([-2, -2, -10]);
    expect(loss(weighted, 'sum', {}, opset)).toEqual([-14]);
    expect(loss(weighted, 'mean', {}, opset)).toEqual([expect.closeTo(-14 / 4.5, 6)]);
  });

  test('what is ignored is 0, and does not count in a mean', () => {
    expect(loss([scores, target], 'none', ignore(1))).toEqual([-1, 0, -5]);
    expect(loss([scores, target], 'mean', ignore(1))).toEqual([-3]);
    expect(loss([scores, target, weight], 'mean', ignore(0))).toEqual([-4]);
    expect(loss([scores, target, weight], 'sum', ignore(0))).toEqual([-2]);
  });

  test('what is ignored may be no class at all', () => {
    for (const none of [-1, -100, 7]) {
      const strange = t('int32', [3], [0, none, 0]);
      expect(loss([scores, strange], 'none', ignore(none))).toEqual([-1, 0, -5]);
      expect(loss([scores, strange, weight], 'mean', ignore(none))).toEqual([-3]);
    }
    expect(() => loss([scores, t('int64', [3], [0, 7, 0])], 'sum')).toThrow(/outside|range/);
  });

  test('where all is ignored a sum is 0 and a mean is 0 / 0', () => {
    const all = t('int64', [3], [1, 1, 1]);
    for (const inputs of [
      [scores, all],
      [scores, all, weight],
    ]) {
      expect(loss(inputs, 'none', ignore(1))).toEqual([0, 0, 0]);
      expect(loss(inputs, 'sum', ignore(1))).toEqual([0]);
      expect(loss(inputs, 'mean', ignore(1))).toEqual([NaN]);
    }
  });

  test('an infinite or missing score counts only where it is met', () => {
    const strange = t('float32', [2, 2], [-Infinity, 1, NaN, 2]);
    expect(loss([strange, t('int64', [2], [1, 1])], 'sum')).toEqual([-3]);
    expect(loss([strange, t('int64', [2], [0, 1])], 'sum')).toEqual([Infinity]);
    expect(loss([strange, t('int64', [2], [1, 0])], 'sum', ignore(0))).toEqual([-1]);
  });

  test('further axes, and none of anything', () => {
    // Example 1 of the text.
    const input = t('float32', [2, 3, 2], [1, 2, 2, 2, 3, 2, 0, 1, 2, 2, 1, 2]);
    expect(loss([input, t('int64', [2, 2], [2, 1, 0, 2])], 'none')).toEqual([-3, -2, 0, -2]);
    const [none, empty] = [t('float32', [0, 2], []), t('int64', [0], [])];
    expect(loss([none, empty], 'none')).toEqual([]);
    expect(loss([none, empty], 'sum')).toEqual([0]);
    expect(loss([none, empty], 'mean')).toEqual([NaN]);
  });

  test.each<readonly [string, readonly Tensor[], string, RegExp]>([
    ['a vector of scores', [t('float32', [3], [1, 2, 3]), target], 'mean', /\[N, C\]/],
    ['targets of another shape', [scores, t('int64', [2], [0, 1])], 'mean', /one a sample/],
    ['weights of other classes', [scores, target, t('float32', [3], [1, 1, 1])], 'mean', /one a class/],
    ['another reduction', [scores, target], 'max', /no reduction 'max'/],
  ])('refuses %s', (_, inputs, reduction, why) => {
    const attributes = { reduction: attr.string(reduction) };
    expect(() => modelOfOne({ name: 'NegativeLogLikelihoodLoss', attributes }, inputs)).toThrow(why);
  });
});

describe('SoftmaxCrossEntropyLoss', () => {
  const entropy = (inputs: readonly Tensor[], reduction: string, more: Attributes = {}, opset = 13) =>
    direct(
      {
        name: 'SoftmaxCrossEntropyLoss',
        opset,
        outputs: 2,
        attributes: { reduction: attr.string(reduction), ...more },
      },
      inputs,
    ).map(elements);
  // The probabilities are ¼, ¾ and ½, ½.
  const logits = t('float32', [2, 2], [0, Math.log(3), 7, 7]);
  const [quarter, half] = [Math.log(4), Math.log(2)];
  const close = (...values: readonly number[]) => values.map((x) => expect.closeTo(x, 5));

  test.each([12, 13])('the loss and the logarithms, at opset %i', (opset) => {
    const labels = t('int64', [2], [0, 1]);
    const logarithms = close(-quarter, Math.log(0.75), -half, -half);
    expect(entropy([logits, labels], 'none', {}, opset)).toEqual([close(quarter, half), logarithms]);
    expect(entropy([logits, labels], 'mean', {}, opset)[0]).toEqual(close((quarter + half) / 2));
    const weights = t('float32', [2], [3, 1]);
    const weighted = [logits, labels, weights];
    expect(entropy(weighted, 'sum', {}, opset)[0]).toEqual(close(3 * quarter + half));
    expect(entropy(weighted, 'mean', {}, opset)[0]).toEqual(close((3 * quarter + half) / 4));
    expect(entropy(weighted, 'mean', ignore(0), opset)[0]).toEqual(close(half));
  });

  test('classes lie on axis 1, whatever follows', () => {
    const spread = t('float32', [1, 2, 2], [0, 7, Math.log(3), 7]);
    expect(entropy([spread, t('int32', [1, 2], [0, 1])], 'none')[0]).toEqual(close(quarter, half));
  });

  test('scores past the range of e^x', () => {
    expect(entropy([t('float32', [1, 2], [1000, 0]), t('int64', [1], [1])], 'sum')[0]).toEqual([1000]);
  });
});
