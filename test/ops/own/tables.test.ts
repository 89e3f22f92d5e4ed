/** Sum, Tally, Lookup, Interpolate, Bin: expected values worked by hand from docs/operators.md and PMML 4.4.1. */
import { describe, expect, it } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Attribute } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { cells, column, fixed, refusal, table, use } from './one.ts';

const data = (
  dtype: DType,
  values: readonly (number | string | bigint)[],
  dims?: readonly number[],
): Attribute => attr.data(constant(dtype, values, dims));

describe('Sum', () => {
  it('adds in order, each addition rounded', () => {
    // float32: 16777216 + 1 is 16777216 again, twice; 1 + 1 first is 16777218.
    expect(cells('Sum', [table('float32', [16777216, 1, 1], [1, 1, 16777216])])).toEqual([
      16777216, 16777218,
    ]);
    expect(cells('Sum', [table('float64', [16777216, 1, 1])])).toEqual([16777218]);
    expect(use('Sum', [table('float64', [0.1, 0.2])]).types).toEqual(['float64[N, 1]']);
  });

  it('lets the base enter first or last', () => {
    const x = table('float32', [1, 1]);
    const base = fixed('float32', 16777216);
    expect(cells('Sum', [x, base], { attributes: { base: attr.string('first') } })).toEqual([16777216]);
    expect(cells('Sum', [x, base], { attributes: { base: attr.string('last') } })).toEqual([16777218]);
  });

  it('of nothing is the base, or 0', () => {
    expect(cells('Sum', [{ dtype: 'float64', dims: [2, 0], cells: [] }])).toEqual([0, 0]);
    expect(cells('Sum', [{ dtype: 'float64', dims: [1, 0], cells: [] }, fixed('float64', 5)])).toEqual([5]);
  });

  it('refuses what may be missing, two bases, other dtypes', () => {
    expect(refusal(() => use('Sum', [table('float64', [1, null])]))).toContain('fill it first');
    expect(refusal(() => use('Sum', [table('float64', [1]), fixed('float64', 1, 2)]))).toContain('shape [1]');
    expect(refusal(() => use('Sum', [table('string', ['a'])]))).toContain('it takes float64, float32');
    expect(
      refusal(() => use('Sum', [table('float64', [1])], { attributes: { base: attr.string('middle') } })),
    ).toContain("base is 'middle'");
  });
});

describe('Tally', () => {
  it('adds the weights of the columns that name a class; missing and unknown classes count for none', () => {
    const names = table('int32', [0, 1, 0], [2, null, 7], [-1, 1, 1]);
    expect(
      use('Tally', [names, fixed('float64', 0.5, 1, 0.25)], { attributes: { classes: attr.int(3) } }),
    ).toEqual({
      types: ['float64[N, 3]'],
      dims: [[3, 3]],
      cells: [[0.75, 1, 0, 0, 0, 0.5, 0, 1.25, 0]],
    });
  });

  it('takes weights of each row, and rounds each addition', () => {
    const names = table('int32', [0, 0, 0]);
    const weights = table('float32', [16777216, 1, 1]);
    expect(cells('Tally', [names, weights], { attributes: { classes: attr.int(1) } })).toEqual([16777216]);
  });

  it('refuses weights that are not so many, and no classes', () => {
    const names = table('int32', [0, 1, 0]);
    const three = { attributes: { classes: attr.int(3) } };
    expect(refusal(() => use('Tally', [names, fixed('float64', 1, 2)], three))).toContain('shape [3]');
    expect(
      refusal(() =>
        use('Tally', [names, fixed('float64', 1, 2, 3)], { attributes: { classes: attr.int(0) } }),
      ),
    ).toContain('classes is 0');
  });
});

describe('Lookup', () => {
  const colours = {
    keys: data('string', ['red', '__proto__', 'red', '']),
    values: data('float64', [1, 2, 3, 4]),
  };

  it('gives the value beside the first equal key', () => {
    expect(
      use('Lookup', [column('string', 'red', '__proto__', 'blue', null, '')], { attributes: colours }),
    ).toEqual({
      types: ['float64[N, 1]?'],
      dims: [[5, 1]],
      cells: [[1, 2, null, null, 4]],
    });
  });

  it('compares numbers as numbers: NaN is no key, zeros are one', () => {
    const attributes = { keys: data('float64', [Number.NaN, 0, 2]), values: data('string', ['n', 'z', 't']) };
    expect(cells('Lookup', [column('float64', Number.NaN, -0, 2, 1)], { attributes })).toEqual([
      null,
      'z',
      't',
      null,
    ]);
    const big = { keys: data('int64', [2n ** 53n + 1n]), values: data('int32', [9]) };
    expect(cells('Lookup', [column('int64', 2n ** 53n, 2n ** 53n + 1n)], { attributes: big })).toEqual([
      null,
      9,
    ]);
  });

  it('gives nothing where the entry says so', () => {
    const attributes = { ...colours, missing: data('bool', [1, 0, 0, 0]) };
    expect(cells('Lookup', [column('string', 'red', '')], { attributes })).toEqual([null, 4]);
  });

  it('with planes says so beside a zero', () => {
    const done = use('Lookup', [column('string', 'red', 'blue')], {
      attributes: { ...colours, planes: attr.int(1) },
      outputs: 2,
    });
    expect(done).toMatchObject({
      types: ['float64[N, 1]', 'bool[N, 1]'],
      cells: [
        [1, 0],
        [0, 1],
      ],
    });
  });

  it('refuses lists of different lengths, and a key of another dtype', () => {
    const short = { ...colours, values: data('float64', [1]) };
    expect(refusal(() => use('Lookup', [column('string', 'a')], { attributes: short }))).toContain(
      'one length',
    );
    expect(refusal(() => use('Lookup', [column('float64', 1)], { attributes: colours }))).toContain(
      'takes string',
    );
    expect(refusal(() => use('Lookup', [column('string', 'a')], {}))).toContain('attribute keys');
  });
});

describe('Interpolate', () => {
  const points = (outliers: string) => ({
    attributes: {
      origs: data('float64', [-1, 1, 3]),
      norms: data('float64', [10, 20, 0]),
      outliers: attr.string(outliers),
    },
  });
  // Pieces: 10 + (x + 1) / 2 · 10 and 20 + (x - 1) / 2 · -20.
  const x = column('float64', -1, 0, 1, 2, 3, -3, 5, null);

  it('continues the outer pieces as they are', () => {
    expect(use('Interpolate', [x], points('asIs'))).toEqual({
      types: ['float64[N, 1]?'],
      dims: [[8, 1]],
      cells: [[10, 15, 20, 10, 0, 0, -20, null]],
    });
  });

  it('makes outliers missing, or extreme', () => {
    expect(cells('Interpolate', [x], points('asMissingValues'))).toEqual([
      10,
      15,
      20,
      10,
      0,
      null,
      null,
      null,
    ]);
    expect(cells('Interpolate', [x], points('asExtremeValues'))).toEqual([10, 15, 20, 10, 0, 10, 0, null]);
  });

  it.each(['asIs', 'asMissingValues', 'asExtremeValues'])(
    'gives NaN for NaN, which is no outlier (%s)',
    (outliers) => {
      expect(cells('Interpolate', [column('float64', Number.NaN)], points(outliers))).toEqual([Number.NaN]);
    },
  );

  it('is missing only where it may be', () => {
    expect(use('Interpolate', [column('float64', 1)], points('asIs')).types).toEqual(['float64[N, 1]']);
    expect(use('Interpolate', [column('float64', 1)], points('asMissingValues')).types).toEqual([
      'float64[N, 1]?',
    ]);
  });

  it('divides first, then multiplies, in the order of the specification', () => {
    // b1 + (x - a1) / (a2 - a1) · (b2 - b1) with 1/3 rounded first: 0.1 / 0.3 is 0.33333333333333337, times 3 is 1.0000000000000002.
    const attributes = {
      origs: data('float64', [0, 0.3]),
      norms: data('float64', [0, 3]),
      outliers: attr.string('asIs'),
    };
    expect(cells('Interpolate', [column('float64', 0.1)], { attributes })).toEqual([(0.1 / 0.3) * 3]);
    expect((0.1 / 0.3) * 3).not.toBe((0.1 * 3) / 0.3);
  });

  it('rounds every operation to float32', () => {
    const f = Math.fround;
    const attributes = {
      origs: data('float32', [0, 3]),
      norms: data('float32', [0.1, 1]),
      outliers: attr.string('asIs'),
    };
    const share = f(f(1) / f(3));
    expect(cells('Interpolate', [column('float32', 1)], { attributes })).toEqual([
      f(f(0.1) + f(share * f(f(1) - f(0.1)))),
    ]);
  });

  it('refuses one point, descending points, another dtype', () => {
    const refused = (origs: readonly number[], dtype: DType = 'float64') =>
      refusal(() =>
        use('Interpolate', [column(dtype, 0)], {
          attributes: { origs: data('float64', origs), norms: data('float64', origs) },
        }),
      );
    expect(refused([1])).toContain('two points');
    expect(refused([1, 1])).toContain('ascend');
    expect(refused([1, Number.NaN])).toContain('ascend');
    expect(refused([1, 2], 'float32')).toContain('origs is float64');
  });
});

describe('Bin', () => {
  // PMML 4.4.1, Discretize: one interval of each closure, and one without a left margin behind them.
  const attributes = {
    edges: data('float64', [0, 1, 1, 2, 3, 4, 5, 6, -Infinity, 0], [5, 2]),
    closures: attr.strings(['oo', 'cc', 'oc', 'co', 'oc']),
  };

  it('finds the first interval that holds x', () => {
    const x = column('float64', 0.5, 0, 1, 2, 3, 4, 5, 6, 2.5, -7, -Infinity, null);
    expect(use('Bin', [x], { attributes })).toEqual({
      types: ['int32[N, 1]'],
      dims: [[12, 1]],
      // 0 lies in the last, (-∞, 0]; 3 is outside (3, 4], 6 outside [5, 6), -∞ outside (-∞, 0].
      cells: [[0, 4, 1, 1, -1, 2, 3, -1, -1, 4, -1, -1]],
    });
  });

  it('holds NaN nowhere', () => {
    expect(cells('Bin', [column('float64', Number.NaN)], { attributes })).toEqual([-1]);
  });

  it('takes the first of two that overlap', () => {
    const both = { edges: data('float64', [0, 2, 1, 3], [2, 2]), closures: attr.strings(['cc', 'cc']) };
    expect(cells('Bin', [column('float64', 1.5, 2.5)], { attributes: both })).toEqual([0, 1]);
  });

  it('refuses closures of another name or number', () => {
    const refused = (more: Readonly<Record<string, Attribute>>) =>
      refusal(() => use('Bin', [column('float64', 0)], { attributes: { ...attributes, ...more } }));
    expect(refused({ closures: attr.strings(['oo']) })).toContain('[1, 2]');
    expect(refused({ closures: attr.strings(['oo', 'cc', 'oc', 'co', 'openOpen']) })).toContain(
      "closure 4 is 'openOpen'",
    );
    expect(refusal(() => use('Bin', [column('string', 'a')], { attributes }))).toContain(
      'it takes float64, float32',
    );
  });
});
