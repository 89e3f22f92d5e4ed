/** LinearAttention, worked by hand on heads of one element: the state is a number. Evaluated, and by its function body. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { byBody, direct, elements, modelOfOne, type Single, t } from '../single.ts';

const tokens = (...values: readonly number[]): Tensor => t('float32', [1, values.length, 1], values);
const heads = (q: number, kv: number) => ({ q_num_heads: attr.int(q), kv_num_heads: attr.int(kv) });
const one = (rule: string, more: Single['attributes'] = {}): Single => ({
  name: 'LinearAttention',
  attributes: { update_rule: attr.string(rule), ...heads(1, 1), ...more },
  outputs: 2,
});

const [q, k, v] = [tokens(2, 3), tokens(1, 2), tokens(4, 5)];
// The logarithm of ½.
const half = Math.log(0.5);

describe.each([
  ['evaluated', direct],
  ['by its body', byBody],
] as const)('%s', (_, run) => {
  /** ½ is met through a rounded logarithm. */
  const close = (got: readonly Tensor[], ...wanted: readonly (readonly number[])[]) =>
    expect(got.map(elements)).toEqual(wanted.map((w) => w.map((x) => expect.closeTo(x, 5))));

  test('linear: the state 1 · 4, then 4 + 2 · 5', () => {
    close(run(one('linear'), [q, k, v]), [8, 42], [14]);
  });

  test('gated: the state is halved before the second token', () => {
    close(run(one('gated'), [q, k, v, null, tokens(0, half)]), [8, 36], [12]);
  });

  test('delta: what the key finds is taken off, and beta scales the rest', () => {
    close(run(one('delta'), [q, k, v, null, null, tokens(1, 1)]), [8, -6], [-2]);
    close(run(one('delta'), [q, k, v, null, null, tokens(0.5, 0.5)]), [4, 9], [3]);
  });

  test('gated_delta, the default: both, from a past state of 8', () => {
    const past = t('float32', [1, 1, 1, 1], [8]);
    const inputs = [q, k, v, past, tokens(half, half), tokens(1, 1)];
    close(run(one('gated_delta'), inputs), [8, 12], [4]);
    close(run({ name: 'LinearAttention', attributes: heads(1, 1), outputs: 2 }, inputs), [8, 12], [4]);
  });

  test('a decay and a beta that the rule does not ask for do nothing', () => {
    close(run(one('linear'), [q, k, v, null, tokens(half, half), tokens(7, 7)]), [8, 42], [14]);
  });

  test('heads of queries share the states in order; the scale is given or 1 / √dk', () => {
    // Two states of dk = 2 and dv = 1, four heads of queries that read the first or the second element of the key.
    const queries = t('float32', [1, 1, 8], [1, 0, 0, 1, 1, 0, 0, 1]);
    const keys = t('float32', [1, 1, 4], [1, 2, 3, 4]);
    const values = t('float32', [1, 1, 2], [10, 100]);
    const grouped = (scale: number) => ({ ...heads(4, 2), scale: attr.float(scale) });
    close(run(one('linear', grouped(1)), [queries, keys, values]), [10, 20, 300, 400], [10, 20, 300, 400]);
    const root = Math.SQRT1_2;
    const [scaled] = run(one('linear', grouped(0)), [queries, keys, values]);
    elements(scaled).forEach((x, i) => {
      expect(x / ([10, 20, 300, 400][i] as number)).toBeCloseTo(root, 6);
    });
  });

  test('a decay for each element of a key, one for each head', () => {
    const single = one('gated', heads(1, 1));
    const past = t('float32', [1, 1, 2, 1], [8, 16]);
    const [two, zero] = [t('float32', [1, 1, 2], [1, 1]), t('float32', [1, 1, 2], [0, 0])];
    const value = tokens(1);
    const perElement = t('float32', [1, 1, 2], [half, 0]);
    close(run(single, [two, zero, value, past, perElement]).slice(1), [4, 16]);
    close(run(single, [two, zero, value, past, tokens(half)]).slice(1), [4, 8]);
  });

  test('no tokens leave the state as it is', () => {
    const none = t('float32', [1, 0, 1], []);
    const [out, state] = run(one('linear'), [none, none, none, t('float32', [1, 1, 1, 1], [8])]);
    expect(out?.dims).toEqual([1, 0, 1]);
    expect(elements(state)).toEqual([8]);
  });

  test('the state is kept in single precision, whatever the tokens are', () => {
    // 2049 is no float16: 2048 + 1 would stay 2048 there.
    const tokens16 = (...values: readonly number[]) => t('float16', [1, values.length, 1], values);
    const inputs = [tokens16(1, 1), tokens16(1, 1), tokens16(1, 1)];
    const past = t('float32', [1, 1, 1, 1], [2048]);
    const [out, state] = run(one('linear'), [...inputs, past]);
    expect([out?.dtype, state?.dtype]).toEqual(['float16', 'float32']);
    expect(elements(state)).toEqual([2050]);
    expect(run(one('linear'), inputs)[1]?.dtype).toBe('float16');
  });
});

test.each<readonly [string, readonly (Tensor | null)[], Single['attributes'], RegExp]>([
  ['gated', [q, k, v], {}, /input 4 is missing/],
  ['delta', [q, k, v], {}, /input 5 is missing/],
  ['fast', [q, k, v], {}, /no update_rule 'fast'/],
  ['linear', [q, k, v], heads(1, 2), /no multiple of 2/],
  ['linear', [q, k, tokens(4)], {}, /lengths are 2 and 1/],
  ['linear', [q, k, v, t('float32', [1, 1, 2, 1], [0, 0])], {}, /sizes of queries and keys/],
  ['gated', [q, k, v, null, t('float32', [1, 2, 3], [0, 0, 0, 0, 0, 0])], {}, /a decay of 3 elements/],
])('%s is refused where its inputs do not fit', (rule, inputs, more, why) => {
  expect(() => modelOfOne(one(rule, more), inputs)).toThrow(why);
});
