/** Unique, ReverseSequence, NonMaxSuppression, CenterCropPad and Upsample, worked by hand. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { direct, elements, type Single, t } from '../single.ts';

type Attributes = NonNullable<Single['attributes']>;

const all = (
  name: string,
  inputs: readonly (Tensor | null)[],
  attributes: Attributes = {},
  opset = 28,
  outputs = 1,
) => direct({ name, attributes, opset, outputs }, inputs);

describe('Unique', () => {
  const unique = (x: Tensor, attributes: Attributes = {}) =>
    all('Unique', [x], attributes, 28, 4).map((o) =>
      Array.from(o.data as ArrayLike<unknown>, (v) => (typeof v === 'bigint' ? Number(v) : v)),
    );

  test('NaN is one and the last, zeros of both signs are one (numpy.unique)', () => {
    expect(unique(t('float64', [7], [3, 1, Number.NaN, 1, Number.NaN, -0, 0]))).toEqual([
      [-0, 1, 3, Number.NaN],
      [5, 1, 0, 2],
      [2, 1, 3, 1, 3, 0, 0],
      [2, 2, 1, 2],
    ]);
  });

  test('strings by code points, which UTF-16 units are not (onnxruntime 1.30)', () => {
    expect(unique(t('string', [5], ['b', 'a', '\u{1F600}', '\uffee', 'a']))).toEqual([
      ['a', 'b', '\uffee', '\u{1F600}'],
      [1, 0, 3, 2],
      [1, 0, 3, 2, 0],
      [2, 1, 1, 1],
    ]);
  });

  test('slices, as they come and in order; complex numbers whole', () => {
    const x = t('int64', [3, 2], [2, 1, 0, 9, 2, 1]);
    const rows = { axis: attr.int(0) };
    expect(unique(x, { ...rows, sorted: attr.int(0) })).toEqual([
      [2, 1, 0, 9],
      [0, 1],
      [0, 1, 0],
      [2, 1],
    ]);
    expect(unique(x, rows)).toEqual([
      [0, 9, 2, 1],
      [1, 0],
      [1, 0, 1],
      [1, 2],
    ]);
    expect(unique(t('int32', [2, 3], [1, 5, 1, 2, 0, 2]), { axis: attr.int(-1) })).toEqual([
      [1, 5, 2, 0],
      [0, 1],
      [0, 1, 0],
      [2, 1],
    ]);
    expect(unique(t('complex64', [3], [1, 2, 1, -2, 1, 2]))).toEqual([
      [1, -2, 1, 2],
      [1, 0],
      [1, 0, 1],
      [1, 2],
    ]);
  });

  test('of nothing', () => {
    expect(unique(t('float32', [0], []))).toEqual([[], [], [], []]);
  });
});

describe('ReverseSequence', () => {
  const lengths = t('int64', [2], [0, 3]);

  test('lengths of nothing and of all, strings, inner axes', () => {
    const x = t('string', [2, 3], ['a', 'b', 'c', 'd', 'e', 'f']);
    const rows = { batch_axis: attr.int(0), time_axis: attr.int(1) };
    expect(all('ReverseSequence', [x, lengths], rows)[0]?.data).toEqual(['a', 'b', 'c', 'f', 'e', 'd']);
    const deep = t('int32', [3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(elements(all('ReverseSequence', [deep, lengths])[0])).toEqual([
      1, 2, 11, 12, 5, 6, 7, 8, 9, 10, 3, 4,
    ]);
  });

  test('lengths and axes that do not fit are refused', () => {
    const x = t('int32', [2, 2], [1, 2, 3, 4]);
    expect(() => all('ReverseSequence', [x, lengths])).toThrow('does not fit');
    expect(() => all('ReverseSequence', [x, t('int64', [1], [1])])).toThrow('1 elements for a batch of 2');
    expect(() => all('ReverseSequence', [x, lengths], { time_axis: attr.int(1) })).toThrow(
      '0 and 1, or 1 and 0',
    );
  });
});

describe('NonMaxSuppression', () => {
  const boxes = t('float32', [1, 3, 4], [0, 0, 1, 1, 0, 0, 1, 1.1, 5, 5, 6, 6]);
  const scores = t('float32', [1, 1, 3], [0.5, 0.5, 0.9]);
  const most = t('int64', [], [3]);
  const half = t('float32', [], [0.5]);
  const kept = (inputs: readonly (Tensor | null)[], attributes: Attributes = {}, opset = 11) =>
    elements(all('NonMaxSuppression', inputs, attributes, opset)[0]);

  test('the best first, of equal scores the first', () => {
    for (const opset of [10, 11])
      expect(kept([boxes, scores, most, half], {}, opset)).toEqual([0, 0, 2, 0, 0, 0]);
  });

  test('a score of just the threshold stays: it is not less', () => {
    expect(kept([boxes, scores, most, half, half])).toEqual([0, 0, 2, 0, 0, 0]);
    expect(kept([boxes, scores, most, half, t('float32', [], [0.500001])])).toEqual([0, 0, 2]);
  });

  test('without a number of boxes there are none; corners in any order; centres', () => {
    expect(kept([boxes, scores])).toEqual([]);
    const turned = t('float32', [1, 3, 4], [1, 1, 0, 0, 1, 1.1, 0, 0, 6, 5, 5, 6]);
    expect(kept([turned, scores, most, half])).toEqual([0, 0, 2, 0, 0, 0]);
    // Unit squares around 0 and 0.5: half of each, a third of both.
    const centres = t('float32', [1, 2, 4], [0, 0, 1, 1, 0.5, 0, 1, 1]);
    const two = t('float32', [1, 1, 2], [1, 2]);
    const byCentre = { center_point_box: attr.int(1) };
    expect(kept([centres, two, most, t('float32', [], [0.3])], byCentre)).toEqual([0, 0, 1]);
    expect(kept([centres, two, most, t('float32', [], [0.34])], byCentre)).toEqual([0, 0, 1, 0, 0, 0]);
  });

  test('overlap of just the threshold stays, in single precision', () => {
    // 7 of 10 parts: the nearest float32 to 0.7 lies below 0.7.
    const strips = t('float32', [1, 2, 4], [0, 0, 1, 10, 0, 0, 1, 7]);
    expect(kept([strips, t('float32', [1, 1, 2], [2, 1]), most, t('float32', [], [0.7])])).toEqual([
      0, 0, 0, 0, 0, 1,
    ]);
  });

  test('boxes that do not fit the scores are refused', () => {
    expect(() => kept([boxes, t('float32', [1, 1, 2], [1, 2]), most])).toThrow('do not fit');
  });
});

describe('CenterCropPad', () => {
  const centred = (x: Tensor, shape: readonly number[], attributes: Attributes = {}) =>
    all('CenterCropPad', [x, t('int64', [shape.length], shape)], attributes)[0];

  test('odd differences: cut more behind, pad more behind', () => {
    const x = t('int32', [4], [1, 2, 3, 4]);
    expect(centred(x, [3])?.data).toEqual(Int32Array.of(1, 2, 3));
    expect(centred(x, [1])?.data).toEqual(Int32Array.of(2));
    expect(centred(x, [7])?.data).toEqual(Int32Array.of(0, 1, 2, 3, 4, 0, 0));
    expect(centred(x, [0])?.dims).toEqual([0]);
  });

  test('strings, complex numbers, axes in any order', () => {
    expect(centred(t('string', [1], ['a']), [2])?.data).toEqual(['a', '']);
    expect(elements(centred(t('complex64', [2], [1, 2, 3, 4]), [3]))).toEqual([1, 2, 3, 4, 0, 0]);
    const x = t('int32', [2, 2], [1, 2, 3, 4]);
    const cut = centred(x, [4, 1], { axes: attr.ints([-1, 0]) });
    expect([cut?.dims, elements(cut)]).toEqual([
      [1, 4],
      [0, 1, 2, 0],
    ]);
  });

  test('shapes that do not fit are refused', () => {
    expect(() => centred(t('int32', [2, 2], [1, 2, 3, 4]), [1])).toThrow('1 elements for 2 axes');
    expect(() => centred(t('int32', [2], [1, 2]), [-1])).toThrow('cannot give');
    expect(() => centred(t('int32', [2], [1, 2]), [2 ** 40])).toThrow('cannot give');
  });
});

describe('Upsample', () => {
  const x = t('float32', [1, 1, 2, 2], [1, 2, 3, 4]);
  const nearest = [1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4];
  // Places 0, 1/2, 1, 3/2 of a line, the last one held to the end; lines at 0, 2/3, 4/3.
  const linear = [1, 1.5, 2, 2, 7 / 3, 17 / 6, 10 / 3, 10 / 3, 3, 3.5, 4, 4].map((v) => expect.closeTo(v, 6));

  test('at every version (onnxruntime 1.30 agrees at 9)', () => {
    const scales = (w: number) => t('float32', [4], [1, 1, 1.5, w]);
    const mode = (name: string) => ({ mode: attr.string(name) });
    for (const opset of [9, 10]) {
      expect(elements(all('Upsample', [x, scales(2.5)], {}, opset)[0])).toEqual(nearest);
      expect(elements(all('Upsample', [x, scales(2)], mode('linear'), opset)[0])).toEqual(linear);
    }
    const seven = (w: number, name: string) => ({ ...mode(name), scales: attr.floats([1, 1, 1.5, w]) });
    expect(elements(all('Upsample', [x], seven(2.5, 'nearest'), 7)[0])).toEqual(nearest);
    expect(elements(all('Upsample', [x], seven(2, 'linear'), 7)[0])).toEqual(linear);
    const one = (w: number, name: string) => ({
      ...mode(name),
      height_scale: attr.float(1.5),
      width_scale: attr.float(w),
    });
    expect(elements(all('Upsample', [x], one(2.5, 'nearest'), 1)[0])).toEqual(nearest);
    expect(elements(all('Upsample', [x], one(2, 'bilinear'), 1)[0])).toEqual(linear);
  });

  test('scales below 1, another number of them, and unknown modes are refused', () => {
    const by = (scales: readonly number[], mode = 'nearest') =>
      all('Upsample', [x], { mode: attr.string(mode), scales: attr.floats(scales) }, 7);
    expect(() => by([1, 1, 0.5, 1])).toThrow('must be 1 or greater');
    expect(() => by([1, 1, 2])).toThrow('3 scales for 4 axes');
    expect(() => by([1, 1, 2, 2], 'cubic')).toThrow("no mode 'cubic'");
  });
});
