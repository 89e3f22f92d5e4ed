/** Worked by hand from the standard's text: where cases of random numbers do not reach. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { type Attribute, type Dim, tensorType, type Value } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { operators, resolve } from '../../../src/ops/registry.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.ts';

type Attributes = Readonly<Record<string, Attribute>>;
type Elements = ArrayLike<number | bigint | string | boolean>;

const t = (dtype: DType, values: Elements, dims: readonly number[] = [values.length]): Tensor =>
  tensorOf(dtype, dims, values);

/** The outputs of one operator, at an opset, for these inputs. */
const evaluate = (
  name: string,
  inputs: readonly (Tensor | null)[],
  attributes: Attributes = {},
  opset?: number,
): readonly Tensor[] => {
  const b = new Builder(operators);
  const values = inputs.map((x, i) => x && b.input(`x${i}`, tensorType(x.dtype, x.dims)));
  const outputs = b.call(resolve('', name, opset) ?? { domain: '', name, since: 0 }, values, {
    attributes,
    ...(name === 'TopK' && { outputs: ['values', 'indices'] }),
  });
  const model = {
    format: 'test',
    version: '',
    name,
    graph: b.finish(outputs as Value[]),
    rows: null,
    fields: [],
    templates: [],
    opsets: new Map<string, number>(),
    profile: '',
    metadata: new Map<string, string>(),
    extra: new Map<string, unknown>(),
  };
  const given = new Map(inputs.flatMap((x, i) => (x ? [[`x${i}`, x] as const] : [])));
  return [...evaluator(model).run(given).values()];
};

/** The elements of the one output. */
const of = (...args: Parameters<typeof evaluate>): unknown[] =>
  Array.from(evaluate(...args)[0]?.data as ArrayLike<unknown>);

const most = 2n ** 63n - 1n;
const least = -(2n ** 63n);

describe('integers', () => {
  test('wrap to their width', () => {
    expect(of('Add', [t('int64', [most]), t('int64', [1])])).toEqual([least]);
    expect(of('Sub', [t('uint64', [0]), t('uint64', [1])])).toEqual([2n ** 64n - 1n]);
    expect(of('Neg', [t('int64', [least])])).toEqual([least]);
    expect(of('Abs', [t('int8', [-128])])).toEqual([-128]);
    // 65537² = 2^32 + 2^17 + 1.
    expect(of('Mul', [t('int32', [65537]), t('int32', [65537])])).toEqual([131073]);
    // (2^32 - 1)² = 2^64 - 2^33 + 1: beyond what a double holds.
    expect(of('Mul', [t('uint32', [4294967295]), t('uint32', [4294967295])])).toEqual([1]);
    expect(of('Pow', [t('int32', [3]), t('int32', [40])])).toEqual([Number(BigInt.asIntN(32, 3n ** 40n))]);
  });

  test('are divided towards zero, and by zero give 0', () => {
    expect(of('Div', [t('int32', [-7, 7, 5]), t('int32', [2, -2, 0])])).toEqual([-3, -3, 0]);
    expect(of('Div', [t('int64', [-7, least, 5]), t('int64', [2, -1, 0])])).toEqual([-3n, least, 0n]);
  });

  test('have remainders with the sign of the divisor, or of the dividend under fmod', () => {
    const x = t('int64', [-7, 7, -7, 6]);
    const y = t('int64', [3, -3, -3, 3]);
    expect(of('Mod', [x, y])).toEqual([2n, -2n, -1n, 0n]);
    expect(of('Mod', [x, y], { fmod: attr.int(1) })).toEqual([-1n, 1n, -1n, 0n]);
  });

  test('have means cut towards zero', () => {
    expect(of('ReduceMean', [t('int32', [-3, -4]), t('int64', [0])])).toEqual([-3]);
    expect(of('ReduceMean', [t('int64', [-3, -4]), t('int64', [0])])).toEqual([-3n]);
  });
});

describe('what is not a number', () => {
  test('passes through Min, Max, Clip, Relu, and compares false', () => {
    const x = t('float64', [Number.NaN, 1]);
    const y = t('float64', [1, Number.NaN]);
    for (const name of ['Min', 'Max']) expect(of(name, [x, y])).toEqual([Number.NaN, Number.NaN]);
    expect(of('Clip', [x, t('float64', [0], []), null])).toEqual([Number.NaN, 1]);
    expect(of('Relu', [x])).toEqual([Number.NaN, 1]);
    for (const name of ['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal']) {
      expect(of(name, [x, x])).toEqual([0, name.endsWith('qual') ? 1 : 0]);
    }
    expect(of('ReduceMax', [x, t('int64', [0])])).toEqual([Number.NaN]);
  });

  test('is true as a bool, and spelled NaN', () => {
    expect(of('Cast', [t('float32', [Number.NaN, 0, -0, 0.1])], { to: attr.int(9) })).toEqual([1, 0, 0, 1]);
    expect(of('Cast', [t('float64', [Number.NaN, Infinity, -Infinity])], { to: attr.int(8) })).toEqual([
      'NaN',
      'INF',
      '-INF',
    ]);
    expect(of('Cast', [t('string', ['nan', '+inf', '-INF', '1E8', '.5'])], { to: attr.int(11) })).toEqual([
      Number.NaN,
      Infinity,
      -Infinity,
      1e8,
      0.5,
    ]);
  });
});

describe('signed zeros, bounds and ties', () => {
  test('Round takes halves to even and keeps the sign', () => {
    expect(of('Round', [t('float64', [0.5, 1.5, -0.5, -2.5, 2.5, 2 ** 51 + 0.5])])).toEqual([
      0,
      2,
      -0,
      -2,
      2,
      2 ** 51,
    ]);
  });

  test('Clip with crossed bounds gives the upper one', () => {
    expect(of('Clip', [t('int64', [0, 9]), t('int64', [5], []), t('int64', [3], [])])).toEqual([3n, 3n]);
  });

  test('ArgMax takes the first of equal elements, or the last', () => {
    const x = t('int64', [1, 3, 3, most, most]);
    expect(of('ArgMax', [x])).toEqual([3n]);
    expect(of('ArgMax', [x], { select_last_index: attr.int(1) })).toEqual([4n]);
  });

  test('TopK puts the lower index first', () => {
    const x = t('float32', [2, 5, 5, 1]);
    const [values, places] = evaluate('TopK', [x, t('int64', [3])]);
    expect(Array.from(values?.data as Float32Array)).toEqual([5, 5, 2]);
    expect(Array.from(places?.data as BigInt64Array)).toEqual([1n, 2n, 0n]);
  });
});

describe('casts', () => {
  test('from floats cut towards zero; integers keep their lowest bits', () => {
    expect(of('Cast', [t('float64', [-1.9, 1.9])], { to: attr.int(7) })).toEqual([-1n, 1n]);
    expect(of('Cast', [t('int16', [200])], { to: attr.int(3) })).toEqual([-56]);
    expect(of('Cast', [t('int64', [2n ** 32n + 5n])], { to: attr.int(6) })).toEqual([5]);
  });

  test('from 64-bit integers to single precision round once', () => {
    // 2^24 + 1 + 2^-30, scaled by 2^30: a hair above the tie, which rounding to double first would make the tie itself.
    const above = (2n ** 24n + 1n) * 2n ** 30n + 1n;
    expect(of('Cast', [t('int64', [above])], { to: attr.int(1) })).toEqual([(2 ** 24 + 2) * 2 ** 30]);
    expect(of('Cast', [t('int64', [above - 1n])], { to: attr.int(1) })).toEqual([2 ** 54]);
  });

  test('to text use the fewest digits of the type, without an exponent', () => {
    const text = { to: attr.int(8) };
    expect(of('Cast', [t('float32', [0.1, 314.15926, 1e-7, 16777216])], text)).toEqual([
      '0.1',
      '314.15927',
      '0.0000001',
      '16777216',
    ]);
    expect(of('Cast', [t('float64', [0.1, 1e21, -1.5e-7])], text)).toEqual([
      '0.1',
      '1000000000000000000000',
      '-0.00000015',
    ]);
    expect(of('Cast', [t('int64', [least])], text)).toEqual(['-9223372036854775808']);
    expect(of('Cast', [t('string', ['-9223372036854775808'])], { to: attr.int(7) })).toEqual([least]);
  });

  test('to 8-bit floats saturate, or not', () => {
    const x = t('float32', [1e6, -Infinity, Number.NaN]);
    expect(of('Cast', [x], { to: attr.int(17) })).toEqual([448, -448, Number.NaN]);
    expect(of('Cast', [x], { to: attr.int(19), saturate: attr.int(0) })).toEqual([
      Infinity,
      -Infinity,
      Number.NaN,
    ]);
  });
});

describe('single precision', () => {
  test('of a sum is rounded once', () => {
    // 2^24 + 1 is no float32: added one by one, the ones would be lost.
    expect(of('ReduceSum', [t('float32', [2 ** 24, 1, 1]), t('int64', [0])])).toEqual([2 ** 24 + 2]);
    expect(of('ReduceMean', [t('float32', [2 ** 24, 1, 1, 2]), t('int64', [0])])).toEqual([2 ** 22 + 1]);
    // The sum is no float16, nor int32; the mean is.
    expect(of('ReduceMean', [t('float16', [60000, 60000]), t('int64', [0])])).toEqual([60000]);
    const largest = 2 ** 31 - 1;
    expect(of('ReduceMean', [t('int32', [largest, largest]), t('int64', [0])])).toEqual([largest]);
  });

  test('Softplus neither overflows nor vanishes', () => {
    // ln(e^x + 1) with 60 decimal digits, rounded to float64.
    const exact = [
      [-100, 3.720075976020836e-44],
      [-30, 9.357622968839737e-14],
      [-10, 4.539889921686465e-5],
      [-1, 0.3132616875182228],
      [0, Math.LN2],
      [20, 20.000000002061153],
      [1000, 1000],
    ] as const;
    const x = exact.map(([v]) => v);
    expect(of('Softplus', [t('float32', x)])).toEqual(exact.map(([, y]) => Math.fround(y)));
    for (const [i, y] of of('Softplus', [t('float64', x)]).entries()) {
      const wanted = exact[i]?.[1] as number;
      // Exp and Log1p are right to a unit in the last place each.
      expect(Math.abs((y as number) - wanted)).toBeLessThanOrEqual(2 ** -51 * wanted);
    }
    expect(of('Softplus', [t('float32', [Infinity, -Infinity, Number.NaN])])).toEqual([
      Infinity,
      0,
      Number.NaN,
    ]);
  });

  test('of a product of matrices is rounded at every step', () => {
    // (1 + 2^-12)² = 1 + 2^-11 + 2^-24 rounds to 1 + 2^-11 before it is added to -1 - 2^-11.
    const x = t('float32', [-1 - 2 ** -11, 1 + 2 ** -12], [1, 2]);
    const y = t('float32', [1, 1 + 2 ** -12], [2, 1]);
    expect(of('MatMul', [x, y])).toEqual([0]);
  });

  test('Softmax of large numbers does not overflow', () => {
    expect(of('Softmax', [t('float64', [1000, 1000])])).toEqual([0.5, 0.5]);
  });

  test('powers of one and of minus one', () => {
    const x = t('float64', [1, -1, 1, 2]);
    const y = t('float64', [Number.NaN, -Infinity, Infinity, Number.NaN]);
    expect(of('Pow', [x, y])).toEqual([1, 1, 1, Number.NaN]);
  });
});

describe('nothing at all', () => {
  test('empty tensors pass, and reduce to what the standard says', () => {
    const none = t('float32', [], [0, 3]);
    expect(evaluate('Add', [none, t('float32', [1, 2, 3])])[0]?.dims).toEqual([0, 3]);
    expect(of('ReduceSum', [none, t('int64', [0])])).toEqual([0, 0, 0]);
    expect(of('ReduceProd', [none, t('int64', [0])])).toEqual([1, 1, 1]);
    expect(of('ReduceMax', [none, t('int64', [0])])).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(of('ReduceMin', [t('int64', [], [0]), t('int64', [0])])).toEqual([most]);
    expect(evaluate('Concat', [none, none], { axis: attr.int(1) })[0]?.dims).toEqual([0, 6]);
    expect(evaluate('Gather', [t('float32', [1, 2]), t('int64', [])])[0]?.dims).toEqual([0]);
    expect(of('MatMul', [t('float64', [], [2, 0]), t('float64', [], [0, 1])])).toEqual([0, 0]);
    expect(evaluate('Reshape', [none, t('int64', [0, 3, 1])])[0]?.dims).toEqual([0, 3, 1]);
  });
});

describe('versions', () => {
  test('Softmax joined all axes from 1 on until 12', () => {
    const x = t('float64', [0, 0, 0, 0], [1, 2, 2]);
    expect(of('Softmax', [x], {}, 11)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(of('Softmax', [x], {}, 13)).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  test('Add broadcast from an axis until 6', () => {
    const x = t('float64', [0, 0, 0, 0], [2, 2]);
    const y = t('float64', [1, 2]);
    const broadcast = { broadcast: attr.int(1) };
    expect(of('Add', [x, y], { ...broadcast, axis: attr.int(0) }, 6)).toEqual([1, 1, 2, 2]);
    expect(of('Add', [x, y], broadcast, 6)).toEqual([1, 2, 1, 2]);
  });

  test('Clip had attributes until 10, Cast a name until 5', () => {
    expect(of('Clip', [t('float32', [-5, 5])], { min: attr.float(-1) }, 6)).toEqual([-1, 5]);
    expect(of('Cast', [t('float32', [1.5])], { to: attr.string('INT64') }, 1)).toEqual([1n]);
  });

  test('TopK had its k as an attribute until 9, Pad its pads as paddings until 1', () => {
    expect(of('TopK', [t('float32', [1, 3, 2])], { k: attr.int(1) }, 9)).toEqual([3]);
    expect(of('Pad', [t('float32', [1])], { paddings: attr.ints([1, 0]), value: attr.float(7) }, 1)).toEqual([
      7, 1,
    ]);
  });
});

describe('inference', () => {
  const b = new Builder(operators);
  const x = (dims: readonly Dim[] | null) => b.input(b.unique('x'), tensorType('float64', dims));
  const ints = (...values: number[]) => b.constant(constant('int64', values));
  const type = (name: string, inputs: readonly Value[], attributes: Attributes = {}): string =>
    formatType(b.op(name, inputs, attributes).type);

  test.each<[string, () => string, string]>([
    ['rows stay rows in a reshape', () => type('Reshape', [x(['N', 1]), ints(-1, 1)]), 'float64[N, 1]'],
    ['0 copies, -1 is what is left', () => type('Reshape', [x(['N', 2, 3]), ints(0, -1)]), 'float64[N, 6]'],
    [
      'a quotient of extents is not guessed',
      () => type('Reshape', [x(['N', 3]), ints(-1, 2)]),
      'float64[?, 2]',
    ],
    ['Flatten', () => type('Flatten', [x(['N', 2, 3])]), 'float64[N, 6]'],
    [
      'Flatten of rows and a number',
      () => type('Flatten', [x(['N', 2, 3])], { axis: attr.int(2) }),
      'float64[?, 3]',
    ],
    ['Squeeze without axes does not guess', () => type('Squeeze', [x(['N', 1])]), 'float64[…]'],
    ['Squeeze', () => type('Squeeze', [x(['N', 1]), ints(-1)]), 'float64[N]'],
    ['Unsqueeze', () => type('Unsqueeze', [x(['N', 2]), ints(0, -1)]), 'float64[1, N, 2, 1]'],
    ['Slice of a column', () => type('Slice', [x(['N', 5]), ints(1), ints(-1), ints(1)]), 'float64[N, 3]'],
    [
      'rows backwards are not the same rows',
      () => type('Slice', [x(['N', 5]), ints(-1), ints(-9), ints(0), ints(-1)]),
      'float64[?, 5]',
    ],
    [
      'Concat of columns',
      () => type('Concat', [x(['N', 5]), x([null, 2])], { axis: attr.int(-1) }),
      'float64[N, 7]',
    ],
    ['Expand', () => type('Expand', [x(['N', 1]), ints(1, 4)]), 'float64[N, 4]'],
    ['MatMul', () => type('MatMul', [x(['N', 4]), x([4, 2])]), 'float64[N, 2]'],
    ['a reduction', () => type('ReduceSum', [x(['N', 4]), ints(1)], { keepdims: attr.int(0) }), 'float64[N]'],
    ['ArgMax', () => type('ArgMax', [x(['N', 4])], { axis: attr.int(-1) }), 'int64[N, 1]'],
    ['two symbols do not broadcast to one', () => type('Add', [x(['N', 1]), x(['M', 3])]), 'float64[?, 3]'],
  ])('%s', (_, actual, expected) => expect(actual()).toBe(expected));

  const refusal = (make: () => unknown): string => {
    try {
      make();
    } catch (e) {
      if (e instanceof PortolanError) return e.diagnostic.rule;
      throw e;
    }
    return 'none';
  };

  test.each<[string, () => unknown]>([
    ['shapes that do not broadcast', () => b.op('Add', [x([2]), x([3])])],
    ['an axis outside', () => b.op('ArgMax', [x([2])], { axis: attr.int(1) })],
    ['an axis twice', () => b.op('ReduceSum', [x([2, 2]), ints(0, -2)])],
    ['a squeeze of an axis that is long', () => b.op('Squeeze', [x([2, 3]), ints(0)])],
    ['matrices that do not meet', () => b.op('MatMul', [x([2, 3]), x([2, 3])])],
    ['two types', () => b.op('Add', [x([2]), ints(1, 2)] as const)],
    ['text where numbers are needed', () => b.op('Exp', [b.constant(constant('string', ['a']))])],
  ])('refuses %s', (_, make) => expect(refusal(make)).toBe('ops/bad-input'));

  test('an index outside is refused when it is met', () => {
    const outside = () => evaluate('Gather', [t('float32', [1, 2]), t('int64', [2])]);
    expect(refusal(outside)).toBe('ops/bad-input');
  });
});
