/**
 * Operators that draw at random: against the generator's published and NumPy's values where a seed is given, and by
 * statistics. Those are taken of seeded draws too, so that they never fail by chance: each bound is what a right generator
 * passes with probability 1 - 10^-6 (4.9 deviations of the normal distribution).
 */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import { Twister } from '../../../src/ops/onnx/random.ts';
import { find, resolve } from '../../../src/ops/registry.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { direct, elements, type Single, t } from '../single.ts';

type Attributes = NonNullable<Single['attributes']>;

const draw = (name: string, inputs: readonly (Tensor | null)[], attributes: Attributes = {}, opset = 28) =>
  direct({ name, attributes, opset }, inputs)[0] as Tensor;

const deviations = 4.9;
const many = 20_000;
const double = attr.int(11);
const seed = (value: number) => ({ seed: attr.float(value) });

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

/** Is the share of `hits` in `n` draws what probability `p` gives? */
const expectShare = (hits: number, n: number, p: number): void =>
  expect(Math.abs(hits / n - p)).toBeLessThanOrEqual(deviations * Math.sqrt((p * (1 - p)) / n));

describe('the generator', () => {
  test('gives what MT19937 gives (its authors: 3499211612, 581869302, 3890346734 for 5489)', () => {
    const five = new Twister(5489);
    expect([five.bits(), five.bits(), five.bits()]).toEqual([3499211612, 581869302, 3890346734]);
    // NumPy 2, RandomState(1), raw draws 624, 625 and 1000: over the edge of the state.
    const one = new Twister(1);
    const raw = Array.from({ length: 1000 }, () => one.bits());
    expect([raw[623], raw[624], raw[999]]).toEqual([2006116153, 1104314680, 548926898]);
  });

  test('is one a seed, fresh without one', () => {
    const like = (attributes: Attributes) =>
      elements(draw('RandomUniformLike', [t('float64', [3], [0, 0, 0])], attributes));
    expect(like(seed(1))).toEqual(like(seed(1)));
    expect(like(seed(1))).not.toEqual(like(seed(2)));
    expect(like(seed(0.25))).not.toEqual(like(seed(0.5)));
    expect(like({})).not.toEqual(like({}));
  });

  test('its operators are not pure: nothing computes them beforehand', () => {
    for (const name of [
      'Bernoulli',
      'Multinomial',
      ...['Normal', 'Uniform'].flatMap((n) => [`Random${n}`, `Random${n}Like`]),
    ])
      expect(find(resolve('', name) as never)?.pure).toBe(false);
  });
});

describe('RandomUniform and RandomNormal', () => {
  const shape = (n: number) => ({ shape: attr.ints([n]), dtype: double });

  test('seeded as numpy.random.RandomState(42) draws', () => {
    for (const opset of [1, 22]) {
      expect(elements(draw('RandomUniform', [], { ...shape(3), ...seed(42) }, opset))).toEqual([
        0.3745401188473625, 0.9507143064099162, 0.7319939418114051,
      ]);
      expect(elements(draw('RandomNormal', [], { ...shape(5), ...seed(42) }, opset))).toEqual(
        [
          0.4967141530112327, -0.13826430117118466, 0.6476885381006925, 1.5230298564080254,
          -0.23415337472333597,
        ].map((v) => expect.closeTo(v, 14)),
      );
    }
  });

  test('evenly between the bounds: mean, and chi-square of ten parts', () => {
    const x = elements(
      draw('RandomUniform', [], { ...shape(many), ...seed(7), low: attr.float(-2), high: attr.float(3) }),
    );
    expect(x.every((v) => v >= -2 && v < 3)).toBe(true);
    expect(Math.abs(mean(x) - 0.5)).toBeLessThanOrEqual(deviations * (5 / Math.sqrt(12 * many)));
    const parts = new Array<number>(10).fill(0);
    for (const v of x) parts[Math.floor((v + 2) * 2)] = (parts[Math.floor((v + 2) * 2)] as number) + 1;
    const chi = parts.reduce((sum, n) => sum + (n - many / 10) ** 2 / (many / 10), 0);
    // 9 degrees of freedom: beyond 45.1 with probability 10^-6.
    expect(chi).toBeLessThan(45.1);
  });

  test('normally around the mean: mean, variance, share within one deviation', () => {
    const x = elements(
      draw('RandomNormal', [], { ...shape(many), ...seed(7), mean: attr.float(10), scale: attr.float(2) }),
    );
    expect(Math.abs(mean(x) - 10)).toBeLessThanOrEqual((deviations * 2) / Math.sqrt(many));
    const variance = mean(x.map((v) => ((v - 10) / 2) ** 2));
    expect(Math.abs(variance - 1)).toBeLessThanOrEqual(deviations * Math.sqrt(2 / many));
    expectShare(x.filter((v) => Math.abs(v - 10) < 2).length, many, 0.6826894921370859);
  });

  test('in the dtype asked for, or that of the input', () => {
    const dtypes: readonly [number, DType][] = [
      [1, 'float32'],
      [10, 'float16'],
      [11, 'float64'],
      [16, 'bfloat16'],
    ];
    for (const [n, dtype] of dtypes) {
      for (const name of ['RandomNormalLike', 'RandomUniformLike'])
        expect(draw(name, [t('string', [2, 2], ['', '', '', ''])], { dtype: attr.int(n) })).toMatchObject({
          dtype,
          dims: [2, 2],
        });
    }
    expect(draw('RandomNormalLike', [t('float16', [1], [0])]).dtype).toBe('float16');
    expect(draw('RandomUniform', [], { shape: attr.ints([0]) })).toMatchObject({
      dtype: 'float32',
      dims: [0],
    });
    expect(() => draw('RandomNormalLike', [t('int32', [1], [0])])).toThrow('cannot draw int32');
    expect(() => draw('RandomUniform', [], { shape: attr.ints([2 ** 40]) })).toThrow('cannot give');
  });
});

describe('Bernoulli', () => {
  test.each([15, 22])('1 with the probability given, at opset %i', (opset) => {
    const p = [0, 0.1, 0.5, 0.9, 1];
    const x = t(
      'float32',
      [p.length, many],
      p.flatMap((v) => new Array<number>(many).fill(v)),
    );
    const y = draw('Bernoulli', [x], { ...seed(3), dtype: attr.int(6) }, opset);
    expect(y.dtype).toBe('int32');
    for (const [i, v] of p.entries())
      expectShare(mean(elements(y).slice(i * many, (i + 1) * many)) * many, many, v);
  });
});

describe('Multinomial', () => {
  test('classes by their log-probabilities, whatever these add up to', () => {
    const x = t('float64', [2, 3], [Math.log(2), Math.log(3), Math.log(5), -1000, -Infinity, -1000]);
    const y = elements(
      draw('Multinomial', [x], { ...seed(5), sample_size: attr.int(many), dtype: attr.int(7) }),
    );
    const share = (row: number, c: number) =>
      y.slice(row * many, (row + 1) * many).filter((v) => v === c).length;
    for (const [c, p] of [0.2, 0.3, 0.5].entries()) expectShare(share(0, c), many, p);
    for (const [c, p] of [0.5, 0, 0.5].entries()) expectShare(share(1, c), many, p);
  });

  test('one sample of int32 unless said otherwise; a row of nothing is refused', () => {
    expect(draw('Multinomial', [t('float32', [2, 1], [0, 5])])).toEqual(t('int32', [2, 1], [0, 0]));
    expect(() => draw('Multinomial', [t('float32', [1, 1], [-Infinity])])).toThrow('no class');
  });
});

describe('Dropout', () => {
  const x = t('float32', [many], new Array<number>(many).fill(3));
  const on = t('bool', [], [true]);
  const both = (inputs: readonly (Tensor | null)[], attributes: Attributes, opset: number) =>
    direct({ name: 'Dropout', attributes, opset, outputs: 2 }, inputs).map(elements) as [number[], number[]];

  test('in training drops with the ratio, and scales what is left', () => {
    const quarter = t('float32', [], [0.25]);
    const trained = [
      ...[12, 13, 22].map((opset) => both([x, quarter, on], { seed: attr.int(9) }, opset)),
      ...[1, 6].map((opset) => both([x], { ratio: attr.float(0.25) }, opset)),
    ];
    for (const [y, mask] of trained) {
      expectShare(mean(mask) * many, many, 0.75);
      expect(y).toEqual(mask.map((m) => (m ? 4 : 0)));
    }
  });

  test('otherwise copies: without a mode, at is_test, at a ratio of 0, at versions 7 and 10', () => {
    const copied = [
      both([x], {}, 22),
      both([x, null, t('bool', [], [false])], {}, 13),
      both([x, t('float32', [], [0]), on], {}, 12),
      ...[1, 6].map((opset) => both([x], { is_test: attr.int(1) }, opset)),
      ...[7, 10].map((opset) => both([x], {}, opset)),
    ];
    for (const [y, mask] of copied) {
      expect(y.every((v) => v === 3)).toBe(true);
      expect(mask.every((m) => m === 1)).toBe(true);
    }
  });
});
