/** RotaryEmbedding, RMSNormalization, Swish, SwiGLU and TensorScatter, worked by hand. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { byBody, direct, elements, modelOfOne, type Single, t } from '../single.ts';

const run = (
  name: string,
  inputs: readonly (Tensor | null)[],
  attributes: Single['attributes'] = {},
): Tensor => direct({ name, attributes }, inputs)[0] as Tensor;

describe('RotaryEmbedding', () => {
  // One token of one head, turned by a right angle: (x, y) becomes (−y, x).
  const x = t('float32', [1, 1, 1, 4], [1, 2, 3, 4]);
  const angle = (value: number, n = 2) => t('float32', [1, 1, n], new Array(n).fill(value));
  const turned = (attributes: Single['attributes'], n = 2) =>
    elements(run('RotaryEmbedding', [x, angle(0, n), angle(1, n)], attributes));

  test('pairs are one of each half, or neighbours', () => {
    expect(turned({})).toEqual([-3, -4, 1, 2]);
    expect(turned({ interleaved: attr.int(1) })).toEqual([-2, 1, -4, 3]);
  });

  test('what is past rotary_embedding_dim stays', () => {
    expect(turned({ rotary_embedding_dim: attr.int(2) }, 1)).toEqual([-2, 1, 3, 4]);
  });

  test('positions look angles up, token by token', () => {
    const two = t('float32', [1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
    const cos = t('float32', [3, 1], [9, 0, 1]);
    const sin = t('float32', [3, 1], [9, 1, 0]);
    const ids = t('int64', [1, 2], [1, 2]);
    // Two heads of two elements in each token; the second token is not turned.
    const out = run('RotaryEmbedding', [two, cos, sin, ids], { num_heads: attr.int(2) });
    expect(elements(out)).toEqual([-2, 1, -4, 3, 5, 6, 7, 8]);
    expect(out.dims).toEqual([1, 2, 4]);
  });

  test('each product and each sum rounds to the dtype', () => {
    // 7 · 43/128 is 150.5/64, which becomes 150/64 in bfloat16: 22/64 remain of it without 2, where 22.5/64 is a bfloat16 too.
    // 7 + 2 · 43/128 is 245.5/32, and becomes 246/32.
    const b = (dims: readonly number[], values: readonly number[]) => t('bfloat16', dims, values);
    const inputs = [b([1, 1, 1, 2], [7, 2]), b([1, 1, 1], [43 / 128]), b([1, 1, 1], [1])];
    expect(elements(run('RotaryEmbedding', inputs))).toEqual([22 / 64, 246 / 32]);
  });

  test.each<readonly [string, readonly (Tensor | null)[], Single['attributes'], RegExp]>([
    ['an odd head', [t('float32', [1, 1, 1, 3], [1, 2, 3]), angle(1), angle(1)], {}, /do not make pairs/],
    ['more than the head', [x, angle(0), angle(1)], { rotary_embedding_dim: attr.int(8) }, /more than the 4/],
    ['too many angles', [x, angle(0, 3), angle(1, 3)], {}, /a cache of 3 angles/],
    ['packed without heads', [t('float32', [1, 1, 4], [1, 2, 3, 4]), angle(0), angle(1)], {}, /num_heads/],
    ['a vector', [t('float32', [4], [1, 2, 3, 4]), angle(0), angle(1)], {}, /X of rank 1/],
    ['a flat cache without positions', [x, t('float32', [1, 2], [0, 0]), angle(1)], {}, /rank 3 without/],
  ])('refuses %s', (_, inputs, attributes, why) => {
    expect(() => modelOfOne({ name: 'RotaryEmbedding', attributes: attributes ?? {} }, inputs)).toThrow(why);
  });
});

describe('RMSNormalization', () => {
  const none = { epsilon: attr.float(0) };

  test('divides by the root of the mean of squares', () => {
    // 1, 7: the mean of squares is 25.
    const x = t('float32', [2, 2], [1, 7, -5, 5]);
    const scale = t('float32', [2], [5, 10]);
    expect(elements(run('RMSNormalization', [x, scale], none))).toEqual(
      [1, 14, -5, 10].map((e) => expect.closeTo(e, 5)),
    );
    // All four: 100 / 4 = 25 as well.
    const all = { ...none, axis: attr.int(0) };
    expect(elements(run('RMSNormalization', [x, t('float32', [1], [5])], all))).toEqual(
      [1, 7, -5, 5].map((e) => expect.closeTo(e, 5)),
    );
  });

  test('zeros stay with an epsilon, and are NaN without', () => {
    const [x, scale] = [t('float32', [2], [0, 0]), t('float32', [2], [1, 1])];
    expect(elements(run('RMSNormalization', [x, scale]))).toEqual([0, 0]);
    expect(elements(run('RMSNormalization', [x, scale], none))).toEqual([NaN, NaN]);
  });

  test('the quotient goes back to the dtype of X, and Y has that of the scale', () => {
    // 3 / √12.5 is 0.8485281, in float16 1738 / 2048; 4 / √12.5 is 1.1313708, in float16 1159 / 1024 (1158.52).
    const x = t('float16', [2], [3, 4]);
    const y = run('RMSNormalization', [x, t('float32', [2], [1, 1])], none);
    expect(y.dtype).toBe('float32');
    expect(elements(y)).toEqual([1738 / 2048, 1159 / 1024]);
    // Squares of 300 are past the range of float16, and computed in single precision.
    expect(
      elements(run('RMSNormalization', [t('float16', [2], [300, 300]), t('float16', [2], [1, 1])])),
    ).toEqual([1, 1]);
  });

  test('refuses a scale that does not broadcast to X', () => {
    const x = t('float32', [2], [1, 2]);
    for (const scale of [t('float32', [3], [1, 1, 1]), t('float32', [2, 2], [1, 1, 1, 1])]) {
      expect(() => modelOfOne({ name: 'RMSNormalization' }, [x, scale])).toThrow(/does not broadcast/);
    }
  });
});

describe('Swish and SwiGLU', () => {
  const x = t('float32', [3], [0, 1, -Infinity]);
  const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

  test('x · sigmoid(alpha · x)', () => {
    const [zero, one, low] = elements(run('Swish', [x], { alpha: attr.float(2) }));
    expect(zero).toBe(0);
    expect(one).toBeCloseTo(sigmoid(2), 6);
    // −∞ · 0.
    expect(low).toBeNaN();
  });

  test('SwiGLU multiplies that with its other input, of one shape', () => {
    const b = t('float32', [3], [5, 3, 1]);
    expect(elements(run('SwiGLU', [x, b]))[1]).toBeCloseTo(3 * sigmoid(1), 6);
    expect(() => modelOfOne({ name: 'SwiGLU' }, [x, t('float32', [1], [1])])).toThrow(/one shape/);
  });
});

describe('TensorScatter', () => {
  /** Evaluated, and said in other operators. */
  const both = (
    inputs: readonly (Tensor | null)[],
    attributes: NonNullable<Single['attributes']> = {},
  ): Tensor => {
    const one = { name: 'TensorScatter', attributes };
    const [out] = direct(one, inputs);
    expect(byBody(one, inputs)).toEqual([out]);
    return out as Tensor;
  };
  // Two samples of three positions of two elements.
  const cache = t('float32', [2, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const update = t('float32', [2, 2, 2], [-1, -2, -3, -4, -5, -6, -7, -8]);
  const at = (...positions: readonly number[]) => t('int64', [positions.length], positions);
  const circular = { mode: attr.string('circular') };

  test('writes from 0 on, or where each sample says', () => {
    expect(elements(both([cache, update]))).toEqual([-1, -2, -3, -4, 5, 6, -5, -6, -7, -8, 11, 12]);
    expect(elements(both([cache, update, at(1, 0)]))).toEqual([1, 2, -1, -2, -3, -4, -5, -6, -7, -8, 11, 12]);
  });

  test('circular goes on at the front', () => {
    expect(elements(both([cache, update, at(2, 4)], circular))).toEqual([
      -3, -4, 3, 4, -1, -2, 7, 8, -5, -6, -7, -8,
    ]);
  });

  test('other axes, other elements, and nothing to write', () => {
    const names = t('string', [1, 2, 2], ['a', 'b', 'c', 'd']);
    const one = t('string', [1, 2, 1], ['x', 'y']);
    const out = both([names, one, at(1)], { axis: attr.int(-1) });
    expect(out.data).toEqual(['a', 'x', 'c', 'y']);
    const nothing = t('float32', [2, 0, 2], []);
    expect(elements(both([cache, nothing, at(3, 3)]))).toEqual(elements(cache));
  });

  test.each<readonly [string, readonly (Tensor | null)[], Single['attributes'], RegExp]>([
    ['an update past the end', [cache, update, at(2, 0)], {}, /2 elements from 2 on/],
    ['a position before the front', [cache, update, at(-1, 0)], circular, /from -1 on/],
    ['a position too few', [cache, update, at(0)], {}, /1 positions for 2 samples/],
    ['the batch as axis', [cache, update], { axis: attr.int(0) }, /axis 0 is the batch/],
    ['a longer update', [update, cache], {}, /does not fit/],
    ['another mode', [cache, update], { mode: attr.string('x') }, /no mode 'x'/],
  ])('refuses %s', (_, inputs, attributes, why) => {
    expect(() => run('TensorScatter', inputs, attributes)).toThrow(why);
  });
});
