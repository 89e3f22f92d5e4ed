/**
 * Attention, worked by hand: queries of 0 see all keys alike, so that the result is the mean of the values of the keys
 * that are seen. Each case is evaluated and by its function body.
 */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import { express } from '../../../src/passes/express.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { byBody, direct, elements, modelOfOne, runModel, type Single, t } from '../single.ts';

type Inputs = readonly (Tensor | null)[];
type Attributes = NonNullable<Single['attributes']>;

/** `[1, heads, length, 1]` in float32. */
const one = (values: readonly number[], heads = 1): Tensor =>
  t('float32', [1, heads, values.length / heads, 1], values);

const ways = [
  ['evaluated', direct],
  ['by its body', byBody],
] as const;

describe.each(ways)('%s', (_, run) => {
  const attention = (inputs: Inputs, attributes: Attributes = {}, outputs = 1, opset = 25) =>
    run({ name: 'Attention', opset, attributes, outputs }, inputs);
  const close = (got: Tensor | undefined, wanted: readonly number[]) => {
    expect(elements(got)).toHaveLength(wanted.length);
    wanted.forEach((w, i) => {
      // A few single-precision steps.
      if (Number.isFinite(w)) expect(elements(got)[i]).toBeCloseTo(w, 5);
      else expect(elements(got)[i]).toBe(w);
    });
  };
  const zeros = (n: number, heads = 1) => one(new Array(n * heads).fill(0), heads);
  const causal = { is_causal: attr.int(1) };

  test('a query sees the keys up to its own place', () => {
    close(attention([zeros(2), zeros(3), one([1, 2, 4])], causal)[0], [1, 1.5]);
    close(attention([zeros(2), zeros(3), one([1, 2, 4])])[0], [7 / 3, 7 / 3]);
  });

  test('the past comes before, and moves the place', () => {
    const [y, key, value] = attention(
      [zeros(2), one([5, 6]), one([1, 2]), null, one([9]), one([8])],
      causal,
      3,
    );
    close(y, [4.5, 11 / 3]);
    expect(elements(key)).toEqual([9, 5, 6]);
    expect(elements(value)).toEqual([8, 1, 2]);
  });

  test('an empty past changes nothing', () => {
    const none = t('float32', [1, 1, 0, 1], []);
    const [y, key] = attention([zeros(2), one([5, 6]), one([1, 2]), null, none, none], causal, 3);
    close(y, [1, 1.5]);
    expect(key?.dims).toEqual([1, 1, 2, 1]);
  });

  test('nonpad_kv_seqlen hides padding, and queries stand at the end of what is valid', () => {
    const two = (values: readonly number[]) => t('float32', [2, 1, values.length / 2, 1], values);
    const values = two([1, 2, 4, 1, 2, 4]);
    const filled = t('int64', [2], [1, 3]);
    const inputs = [two([0, 0, 0, 0]), two(new Array(6).fill(0)), values, null, null, null, filled];
    close(attention(inputs)[0], [1, 1, 7 / 3, 7 / 3]);
    // Offsets 1 − 2 and 3 − 2: the first query of the first sample sees nothing, and gives 0.
    close(attention(inputs, causal)[0], [0, 1, 1.5, 7 / 3]);
  });

  test('a row without any key to see gives 0, and the weights 0', () => {
    const mask = t('bool', [2, 2], [false, false, true, false]);
    const at = (mode: number) =>
      attention([zeros(2), zeros(2), one([3, 5]), mask], { qk_matmul_output_mode: attr.int(mode) }, 4);
    close(at(3)[0], [0, 3]);
    close(at(3)[3], [0, 0, 1, 0]);
    close(at(2)[3], [-Infinity, -Infinity, 0, -Infinity]);
    const added = t('float32', [1, 2], [-Infinity, -Infinity]);
    close(attention([zeros(2), zeros(2), one([3, 5]), added])[0], [0, 0]);
  });

  test('heads of queries share heads of keys in order', () => {
    const values = one([1, 3, 5, 7], 2);
    close(attention([zeros(1, 4), zeros(2, 2), values])[0], [2, 2, 6, 6]);
    // One head for all.
    close(attention([zeros(1, 3), zeros(2), one([1, 3])])[0], [2, 2, 2]);
    expect(() => attention([zeros(1, 3), zeros(2, 2), values])).toThrow(
      /3 heads of queries are no multiple of 2/,
    );
  });

  test('the outputs on the way: product, capped, with the mask, weights', () => {
    // Scores 2 · 3 and 2 · 1 at scale 1; the cap 2 makes them 2 tanh 3 and 2 tanh 1; the mask adds 0.5 and −1.
    const capped = [2 * Math.tanh(3), 2 * Math.tanh(1)] as const;
    const biased = [capped[0] + 0.5, capped[1] - 1] as const;
    const weight = 1 / (1 + Math.exp(biased[1] - biased[0]));
    const inputs = [one([2]), one([3, 1]), one([10, 20]), t('float32', [2], [0.5, -1])];
    const given = { scale: attr.float(1), softcap: attr.float(2) };
    const at = (mode: number, more: Attributes = given) =>
      attention(inputs, { ...more, qk_matmul_output_mode: attr.int(mode) }, 4);
    close(at(0)[3], [6, 2]);
    close(at(1)[3], capped);
    close(at(2)[3], biased);
    close(at(3)[3], [weight, 1 - weight]);
    close(at(3)[0], [10 * weight + 20 * (1 - weight)]);
    // Without a cap mode 1 is the product.
    close(at(1, { scale: attr.float(1) })[3], [6, 2]);
  });

  test('the scale is one by the root of the size of a head', () => {
    const four = (values: readonly number[]) => t('float32', [1, 1, 1, 4], values);
    const [, , , product] = attention([four([2, 0, 0, 1]), four([3, 0, 0, 4]), one([1])], {}, 4);
    close(product, [5]);
  });

  test('windows bound what is seen on each side', () => {
    const window = (left: number, right: number, more: Attributes = {}): Attributes => ({
      left_window_size: attr.int(left),
      right_window_size: attr.int(right),
      ...more,
    });
    const inputs = [zeros(3), zeros(3), one([1, 2, 4])];
    close(attention(inputs, window(1, 0))[0], [1, 1.5, 3]);
    close(attention(inputs, window(-1, 1))[0], [1.5, 7 / 3, 7 / 3]);
    close(attention(inputs, window(0, -1))[0], [7 / 3, 3, 4]);
    close(attention(inputs, window(0, 1, causal))[0], [1, 2, 4]);
    // A past of one key: the queries stand at 1 and 2.
    const behind = [zeros(2), zeros(2), one([1, 2]), null, zeros(1), one([8])];
    close(attention(behind, window(1, 0), 3)[0], [4.5, 1.5]);
  });

  test('packed inputs are split into heads, and the result is packed again', () => {
    const packed = (values: readonly number[], length = 1) =>
      t('float32', [1, length, values.length / length], values);
    const heads = { q_num_heads: attr.int(4), kv_num_heads: attr.int(2) };
    // Two keys; head 0 holds the values 1 and 2, head 1 the values 10 and 30.
    const inputs = [packed([0, 0, 0, 0]), packed([0, 0, 0, 0], 2), packed([1, 10, 2, 30], 2)];
    const [y, , value] = attention(inputs, heads, 3);
    close(y, [1.5, 1.5, 20, 20]);
    expect(y?.dims).toEqual([1, 1, 4]);
    expect(value?.dims).toEqual([1, 2, 2, 1]);
    expect(elements(value)).toEqual([1, 2, 10, 30]);
  });

  test('a short mask hides the keys it does not reach, but in 23, where one element is for all', () => {
    const inputs = [zeros(1), zeros(3), one([1, 2, 4]), t('float32', [1, 1], [0.25])];
    close(attention(inputs, {}, 1, 25)[0], [1]);
    close(attention(inputs, {}, 1, 24)[0], [1]);
    close(attention(inputs, {}, 1, 23)[0], [7 / 3]);
    const flags = t('bool', [2], [false, true]);
    close(attention([zeros(1), zeros(3), one([1, 2, 4]), flags])[0], [2]);
  });

  test('whole numbers as a mask are added', () => {
    const mask = t('int32', [2], [0, 1]);
    const [, , , biased] = attention(
      [zeros(1), zeros(2), one([1, 2]), mask],
      { qk_matmul_output_mode: attr.int(2) },
      4,
    );
    close(biased, [0, 1]);
  });

  test('no keys give 0, no queries give nothing', () => {
    const none = t('float32', [1, 1, 0, 1], []);
    close(attention([zeros(2), none, none])[0], [0, 0]);
    const [y] = attention([none, zeros(2), one([1, 2])], causal);
    expect(y?.dims).toEqual([1, 1, 0, 1]);
  });

  test('every step rounds to the dtype of the queries', () => {
    // √0.3 is 0.5478516 in float16, three times that 1.6435547; their product 0.9004240 becomes 0.900390625, where 3 · 0.3
    // rounded once would be 0.89990234375.
    const half = (x: number) => t('float16', [1, 1, 1, 1], [x]);
    const given = { scale: attr.float(Math.fround(0.3)) };
    const [, , , product] = attention([half(1), half(3), half(1)], given, 4);
    expect(product?.dtype).toBe('float16');
    expect(elements(product)).toEqual([0.900390625]);
  });

  test('the values may have a dtype of their own, which their cache keeps', () => {
    const values = t('float64', [1, 1, 2, 1], [1, 2]);
    const [y, , value] = attention([zeros(1), zeros(2), values], {}, 3);
    expect([y?.dtype, value?.dtype]).toEqual(['float32', 'float64']);
    close(y, [1.5]);
  });
});

describe('refused', () => {
  const q = one([0]);
  const refusal = (inputs: Inputs, attributes: Attributes = {}, opset = 25) => {
    try {
      direct({ name: 'Attention', opset, attributes, outputs: 4 }, inputs);
    } catch (e) {
      return String((e as Error).message);
    }
    return undefined;
  };

  test.each<readonly [string, Inputs, Attributes, RegExp]>([
    ['a past of keys alone', [q, q, q, null, q], {}, /come together/],
    ['a past and a cache outside', [q, q, q, null, q, q, t('int64', [1], [1])], {}, /no past then/],
    ['packed inputs without heads', [1, 1, 1].map(() => t('float32', [1, 1, 2], [1, 2])), {}, /q_num_heads/],
    ['heads of what is not packed', [q, q, q], { q_num_heads: attr.int(1) }, /for packed inputs/],
    ['matrices', [1, 1, 1].map(() => t('float32', [1, 2], [1, 2])), {}, /rank 3 or 4, not 2/],
    ['keys of another size', [q, t('float32', [1, 1, 1, 2], [1, 2]), q], {}, /sizes of queries and keys/],
    ['values of another length', [q, q, one([1, 2])], {}, /lengths of keys and values/],
    ['a fifth output', [q, q, q], { qk_matmul_output_mode: attr.int(4) }, /qk_matmul_output_mode 4/],
    ['softmax in integers', [q, q, q], { softmax_precision: attr.int(7) }, /softmax_precision/],
    ['a window of less than none', [q, q, q], { left_window_size: attr.int(-2) }, /left_window_size/],
    ['a mask of another shape', [q, q, q, t('float32', [3, 1], [0, 0, 0])], {}, /does not broadcast/],
  ])('%s', (_, inputs, attributes, why) => {
    expect(refusal(inputs, attributes)).toMatch(why);
  });

  test('scores past all memory', () => {
    const long = (n: number) => t('float32', [1, 1, n, 1], new Float32Array(n));
    expect(refusal([long(2 ** 15), long(2 ** 14), long(2 ** 14)])).toMatch(/cannot give a tensor of shape/);
  });

  test('heads may be counted on four axes before 25', () => {
    expect(refusal([q, q, q], { q_num_heads: attr.int(1) }, 24)).toBeUndefined();
  });
});

describe('at older opsets', () => {
  const inputs = [one([1, 2]), one([3, 1]), one([10, 20])];
  const single = (attributes: Attributes): Single => ({ name: 'Attention', opset: 25, attributes });
  const at = (opset: number, attributes: Attributes, given: Inputs = inputs) => {
    const model = express(modelOfOne(single(attributes), given), new Map([['', opset]]));
    const wanted = direct(single(attributes), given)[0] as Tensor;
    expect(elements(runModel(model, given)[0])).toEqual(elements(wanted).map((x) => expect.closeTo(x, 5)));
    return model.graph.nodes.map(({ op }) => `${op.name} ${op.since}`);
  };

  test('it stays where it means the same', () => {
    expect(at(24, { is_causal: attr.int(1) })).toEqual(['Attention 24']);
    expect(at(23, { is_causal: attr.int(1), left_window_size: attr.int(-1) })).toEqual(['Attention 23']);
  });

  test('it is said in others where it does not', () => {
    expect(at(24, { left_window_size: attr.int(0) })).toContain('Softmax 13');
    expect(at(22, { is_causal: attr.int(1) })).toContain('Softmax 13');
    const filled = [...inputs, null, null, null, t('int64', [1], [1])];
    expect(at(23, {}, filled)).toContain('Softmax 13');
  });
});
