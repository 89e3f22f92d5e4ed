/**
 * For every operator that both evaluates and lowers, ways to use it on random rows: what is held against each other is
 * the reference evaluator, the row language's interpreter and what is spelled from the row language.
 */
import fc from 'fast-check';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Attribute, type Model, tensorType, type Value } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Column, DType } from '../../src/tensor/dtype.ts';
import { columnOf, countOf, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { ownRecipes } from './ownRecipes.ts';

/** Values that tend to go wrong, and any others. */
export const scalarOf = (dtype: DType): fc.Arbitrary<number | string | bigint> => {
  const special = [0, -0, 1, -1, 0.5, -2.5, 1e-300, 5e-324, 1e308, Infinity, -Infinity, Number.NaN, 16777217];
  switch (dtype) {
    case 'string':
      return fc.constantFrom('', 'a', 'b', '__proto__', '1', '-2.5e3', 'NaN', ' 7 ');
    case 'bool':
      return fc.constantFrom(0, 1);
    case 'int32':
      return fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer());
    case 'uint8':
      return fc.integer({ min: 0, max: 255 });
    case 'int64':
      return fc.oneof(fc.bigInt(-3n, 3n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
    case 'float32':
      return fc.oneof(fc.constantFrom(...special), fc.float()).map(Math.fround);
    default:
      return fc.oneof(fc.constantFrom(...special), fc.double(), fc.integer({ min: -9, max: 9 }));
  }
};

interface Input {
  readonly dtype: DType;
  /** Of one row. */
  readonly dims: readonly number[];
}

export interface Use {
  readonly inputs: readonly Input[];
  readonly build: (b: Builder, inputs: readonly Value[]) => readonly (Value | null)[];
}

export interface Case {
  readonly model: Model;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly rows: number;
}

const rows = 6;

const tensorArbitrary = ({ dtype, dims }: Input): fc.Arbitrary<Tensor> => {
  const count = rows * countOf(dims);
  return fc
    .array(scalarOf(dtype), { minLength: count, maxLength: count })
    .map((values) => tensor(dtype, [rows, ...dims], columnOf(dtype, values)));
};

const caseOf = ({ inputs, build }: Use): fc.Arbitrary<Case> => {
  const b = new Builder(operators);
  const values = inputs.map(({ dtype, dims }, i) => b.input(`x${i}`, tensorType(dtype, ['N', ...dims])));
  const results = build(b, values).filter((v): v is Value => v !== null);
  const model: Model = {
    format: 'test',
    version: '',
    name: '',
    graph: b.finish(results),
    rows: 'N',
    fields: [],
    templates: [],
    opsets: new Map(),
    profile: '',
    metadata: new Map(),
    extra: new Map(),
  };
  return fc
    .tuple(...inputs.map(tensorArbitrary))
    .map((all) => ({ model, rows, inputs: new Map(all.map((t, i) => [`x${i}`, t])) }));
};

const ints = (b: Builder, ...values: number[]): Value => b.constant(constant('int64', values));

const random = (b: Builder, dtype: DType, dims: readonly number[]): Value => {
  // The same numbers every time: neither small nor round.
  const wave = (i: number): number => Math.sin(i * 12.9898 + 1) * 3;
  const values = Array.from({ length: countOf(dims) }, (_, i) =>
    dtype === 'bool' ? Number(wave(i) > 0) : wave(i),
  );
  return b.constant(
    constant(dtype, dtype === 'float64' || dtype === 'float32' ? values : values.map(Math.trunc), dims),
  );
};

type Attributes = Readonly<Record<string, Attribute>>;

const call =
  (name: string, attributes: Attributes = {}, domain = '') =>
  (b: Builder, inputs: readonly (Value | null)[]): readonly (Value | null)[] =>
    b.call([domain, name], inputs, { attributes });

const floatTypes: readonly DType[] = ['float64', 'float32'];
const numberTypes: readonly DType[] = [...floatTypes, 'int32', 'int64'];

const unary = (name: string, dtypes: readonly DType[] = floatTypes, attributes: Attributes = {}): Use[] =>
  dtypes.map((dtype) => ({ inputs: [{ dtype, dims: [3] }], build: call(name, attributes) }));

/** Two rows' vectors; one of them a column; a constant of each shape that broadcasts. */
const binary = (name: string, dtypes: readonly DType[] = numberTypes, attributes: Attributes = {}): Use[] =>
  dtypes.flatMap((dtype): Use[] => [
    {
      inputs: [
        { dtype, dims: [3] },
        { dtype, dims: [3] },
      ],
      build: call(name, attributes),
    },
    {
      inputs: [
        { dtype, dims: [20] },
        { dtype, dims: [1] },
      ],
      build: call(name, attributes),
    },
    {
      inputs: [{ dtype, dims: [2, 3] }],
      build: (b, [x]) => call(name, attributes)(b, [x as Value, random(b, dtype, [1, 2, 1])]),
    },
    {
      inputs: [{ dtype, dims: [1] }],
      build: (b, [x]) => call(name, attributes)(b, [random(b, dtype, []), x as Value]),
    },
  ]);

const reduction = (name: string): Use[] =>
  numberTypes.flatMap((dtype): Use[] => [
    {
      inputs: [{ dtype, dims: [4] }],
      build: (b, [x]) => call(name, { keepdims: attr.int(1) })(b, [x as Value, ints(b, 1)]),
    },
    {
      inputs: [{ dtype, dims: [2, 9] }],
      build: (b, [x]) => call(name, { keepdims: attr.int(0) })(b, [x as Value, ints(b, 2)]),
    },
  ]);

const argument = (name: string): Use[] =>
  [0, 1].flatMap((last) =>
    numberTypes.map(
      (dtype): Use => ({
        inputs: [{ dtype, dims: [5] }],
        build: call(name, { axis: attr.int(1), keepdims: attr.int(last), select_last_index: attr.int(last) }),
      }),
    ),
  );

const casts: Use[] = numberTypes
  .concat('bool', 'uint8')
  .flatMap((from) =>
    [1, 2, 5, 6, 7, 9, 11, 12, 13].map(
      (to): Use => ({ inputs: [{ dtype: from, dims: [2] }], build: call('Cast', { to: attr.int(to) }) }),
    ),
  )
  .concat(
    [1, 6, 7, 11].map(
      (to): Use => ({ inputs: [{ dtype: 'string', dims: [2] }], build: call('Cast', { to: attr.int(to) }) }),
    ),
  );

const truth: readonly DType[] = ['bool'];

/** By domain and name. */
/** Along each axis of a row, with the element and without, from either end. */
const running = (name: string): readonly Use[] =>
  [0, 1].flatMap((exclusive) =>
    [0, 1].map((reverse) => ({
      inputs: [{ dtype: 'float32', dims: [3, 4] }],
      build: (b, [x]) =>
        call(name, { exclusive: attr.int(exclusive), reverse: attr.int(reverse) })(b, [
          x as Value,
          b.constant(constant('int64', [1 + reverse], [])),
        ]),
    })),
  );

export const recipes: Readonly<Record<string, readonly Use[]>> = {
  Abs: unary('Abs', numberTypes),
  Acos: unary('Acos'),
  Acosh: unary('Acosh'),
  Add: binary('Add'),
  And: binary('And', truth),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Asin: unary('Asin'),
  Asinh: unary('Asinh'),
  Atan: unary('Atan'),
  Atanh: unary('Atanh'),
  BatchNormalization: floatTypes.map((dtype) => ({
    inputs: [{ dtype, dims: [3] }],
    build: (b, [x]) => {
      const more = [1, 2, 3].map(() => random(b, dtype, [3]));
      const variance = b.op('Abs', [random(b, dtype, [3])]);
      return call('BatchNormalization')(b, [
        x as Value,
        more[0] as Value,
        more[1] as Value,
        more[2] as Value,
        variance,
      ]);
    },
  })),
  Cast: casts,
  Ceil: unary('Ceil'),
  Clip: numberTypes.map((dtype) => ({
    inputs: [{ dtype, dims: [3] }],
    build: (b, [x]) => {
      const at = (v: number) => b.constant(constant(dtype, [v], []));
      return call('Clip')(b, [x as Value, at(-2), at(3)]);
    },
  })),
  Concat: [
    {
      inputs: [1, 3, 1].map((n) => ({ dtype: 'float64', dims: [n] })),
      build: call('Concat', { axis: attr.int(1) }),
    },
    {
      inputs: [1, 30, 2].map((n) => ({ dtype: 'float32', dims: [n] })),
      build: call('Concat', { axis: attr.int(-1) }),
    },
    {
      inputs: [2, 1].map((n) => ({ dtype: 'string', dims: [n] })),
      build: call('Concat', { axis: attr.int(1) }),
    },
  ],
  ConstantOfShape: [
    {
      inputs: [{ dtype: 'float64', dims: [3] }],
      build: (b, [x]) => {
        const value = attr.data(constant('float64', [7]));
        const spread = b.op('ConstantOfShape', [b.op('Shape', [x as Value])], { value });
        return call('Concat', { axis: attr.int(1) })(b, [x as Value, spread]);
      },
    },
  ],
  Cos: unary('Cos'),
  Cosh: unary('Cosh'),
  CumProd: running('CumProd'),
  CumSum: running('CumSum'),
  Div: binary('Div'),
  Equal: [...binary('Equal'), ...binary('Equal', truth)],
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  Expand: [
    {
      inputs: [{ dtype: 'float64', dims: [1] }],
      build: (b, [x]) => call('Expand')(b, [x as Value, ints(b, 1, 12)]),
    },
    {
      inputs: [{ dtype: 'float64', dims: [3] }],
      build: (b, [x]) => {
        const one = b.constant(constant('float64', [7], []));
        return call('Expand')(b, [one, b.op('Shape', [x as Value])]);
      },
    },
  ],
  Flatten: [{ inputs: [{ dtype: 'float64', dims: [2, 3] }], build: call('Flatten') }],
  Floor: unary('Floor'),
  Gather: [
    {
      inputs: [{ dtype: 'float64', dims: [4] }],
      build: (b, [x]) => call('Gather', { axis: attr.int(1) })(b, [x as Value, ints(b, 3, -4, 0)]),
    },
    {
      inputs: [{ dtype: 'float64', dims: [5] }],
      build: (b, [x]) => {
        const at = b.op('ArgMax', [x as Value], { axis: attr.int(1), keepdims: attr.int(0) });
        return call('Gather')(b, [random(b, 'float64', [5, 3]), at]);
      },
    },
    {
      inputs: [{ dtype: 'float32', dims: [4] }],
      build: (b, [x]) => {
        const at = b.op('ArgMin', [x as Value], { axis: attr.int(1), keepdims: attr.int(1) });
        return call('Gather')(b, [b.constant(constant('string', ['w', 'x', 'y', '</z>'])), at]);
      },
    },
  ],
  GatherElements: [
    {
      inputs: [{ dtype: 'float64', dims: [4] }],
      build: (b, [x]) => {
        const at = b.op('ArgMax', [x as Value], { axis: attr.int(1), keepdims: attr.int(1) });
        return call('GatherElements', { axis: attr.int(1) })(b, [x as Value, at]);
      },
    },
  ],
  Gemm: floatTypes.flatMap((dtype): Use[] => [
    {
      inputs: [{ dtype, dims: [4] }],
      build: (b, [x]) => call('Gemm')(b, [x as Value, random(b, dtype, [4, 3]), random(b, dtype, [3])]),
    },
    {
      inputs: [{ dtype, dims: [12] }],
      build: (b, [x]) =>
        call('Gemm', { transB: attr.int(1), alpha: attr.float(0.5), beta: attr.float(2) })(b, [
          x as Value,
          random(b, dtype, [11, 12]),
          random(b, dtype, [11]),
        ]),
    },
  ]),
  Greater: binary('Greater'),
  GreaterOrEqual: binary('GreaterOrEqual'),
  Identity: unary('Identity', [...numberTypes, 'string', 'bool']),
  IsInf: unary('IsInf'),
  IsNaN: unary('IsNaN'),
  Less: binary('Less'),
  LessOrEqual: binary('LessOrEqual'),
  Log: unary('Log'),
  MatMul: floatTypes.flatMap((dtype): Use[] => [
    {
      inputs: [{ dtype, dims: [7] }],
      build: (b, [x]) => call('MatMul')(b, [x as Value, random(b, dtype, [7, 10])]),
    },
  ]),
  Max: binary('Max'),
  Min: binary('Min'),
  Mod: [...binary('Mod'), ...binary('Mod', floatTypes, { fmod: attr.int(1) })],
  Mul: binary('Mul'),
  Neg: unary('Neg', numberTypes),
  Not: unary('Not', truth),
  Or: binary('Or', truth),
  OneHot: [
    {
      inputs: [{ dtype: 'float64', dims: [4] }],
      build: (b, [x]) => {
        const at = b.op('ArgMax', [x as Value], { axis: attr.int(1), keepdims: attr.int(0) });
        return call('OneHot')(b, [at, ints(b, 4), b.constant(constant('float32', [0.25, 2]))]);
      },
    },
    {
      inputs: [{ dtype: 'int64', dims: [3] }],
      build: (b, [x]) => call('OneHot', { axis: attr.int(1) })(b, [x as Value, ints(b, 3), ints(b, 0, 1)]),
    },
  ],
  Pad: [
    {
      inputs: [{ dtype: 'float64', dims: [3] }],
      build: (b, [x]) => {
        const value = b.constant(constant('float64', [7], []));
        return call('Pad')(b, [x as Value, ints(b, 0, 2, 0, 9), value]);
      },
    },
  ],
  Pow: [
    ...binary('Pow'),
    {
      inputs: [
        { dtype: 'float32', dims: [3] },
        { dtype: 'float64', dims: [3] },
      ],
      build: call('Pow'),
    },
    {
      inputs: [
        { dtype: 'int32', dims: [3] },
        { dtype: 'float64', dims: [3] },
      ],
      build: call('Pow'),
    },
    {
      inputs: [
        { dtype: 'int32', dims: [3] },
        { dtype: 'int64', dims: [3] },
      ],
      build: call('Pow'),
    },
    {
      inputs: [
        { dtype: 'float64', dims: [3] },
        { dtype: 'int64', dims: [3] },
      ],
      build: call('Pow'),
    },
  ],
  Reciprocal: unary('Reciprocal'),
  ReduceMax: reduction('ReduceMax'),
  ReduceMean: reduction('ReduceMean'),
  ReduceMin: reduction('ReduceMin'),
  ReduceProd: reduction('ReduceProd'),
  ReduceSum: reduction('ReduceSum'),
  Relu: unary('Relu', ['float64', 'float32', 'int32']),
  Reshape: [
    {
      inputs: [{ dtype: 'float64', dims: [2, 3] }],
      build: (b, [x]) => call('Reshape')(b, [x as Value, ints(b, 0, 3, 2)]),
    },
  ],
  Round: unary('Round'),
  Sigmoid: unary('Sigmoid'),
  Sign: unary('Sign', numberTypes),
  Sin: unary('Sin'),
  Sinh: unary('Sinh'),
  Slice: [
    {
      inputs: [{ dtype: 'float64', dims: [12] }],
      build: (b, [x]) => call('Slice')(b, [x as Value, ints(b, 10), ints(b, 1), ints(b, 1), ints(b, -2)]),
    },
  ],
  Split: [
    {
      inputs: [{ dtype: 'float64', dims: [6] }],
      build: (b, [x]) =>
        b.call(['', 'Split'], [x as Value, ints(b, 1, 5)], {
          attributes: { axis: attr.int(1) },
          outputs: ['left', 'right'],
        }),
    },
  ],
  Softplus: unary('Softplus'),
  Sqrt: unary('Sqrt'),
  Squeeze: [
    {
      inputs: [{ dtype: 'float64', dims: [1, 3] }],
      build: (b, [x]) => call('Squeeze')(b, [x as Value, ints(b, 1)]),
    },
  ],
  StringConcat: binary('StringConcat', ['string']).slice(0, 2),
  Sub: binary('Sub'),
  Sum: binary('Sum', floatTypes),
  Tan: unary('Tan'),
  Tanh: unary('Tanh'),
  Tile: [
    {
      inputs: [{ dtype: 'float64', dims: [2] }],
      build: (b, [x]) => call('Tile')(b, [x as Value, ints(b, 1, 6)]),
    },
  ],
  TopK: [...floatTypes, 'int64' as const].flatMap((dtype): Use[] =>
    [
      [5, 3, 1],
      [4, 4, 0],
      [20, 1, 0],
    ].map(([extent = 0, k = 0, largest = 0]) => ({
      inputs: [{ dtype, dims: [extent] }],
      build: (b, [x]) =>
        b.call(['', 'TopK'], [x as Value, ints(b, k)], {
          attributes: { axis: attr.int(1), largest: attr.int(largest) },
          outputs: [b.unique('values'), b.unique('indices')],
        }),
    })),
  ),
  Transpose: [
    {
      inputs: [{ dtype: 'float64', dims: [2, 5] }],
      build: call('Transpose', { perm: attr.ints([0, 2, 1]) }),
    },
  ],
  Unsqueeze: [
    {
      inputs: [{ dtype: 'float64', dims: [3] }],
      build: (b, [x]) => call('Unsqueeze')(b, [x as Value, ints(b, 1, 3)]),
    },
  ],
  Where: [...numberTypes, 'string' as const].flatMap((dtype): Use[] => [
    {
      inputs: [
        { dtype: 'bool', dims: [3] },
        { dtype, dims: [3] },
        { dtype, dims: [1] },
      ],
      build: call('Where'),
    },
  ]),
  Xor: binary('Xor', truth),
  ...ownRecipes,
};

export const casesOf = (name: string): readonly fc.Arbitrary<Case>[] => (recipes[name] ?? []).map(caseOf);

/** The elements as plain values: -0 is not 0, NaN is NaN. */
export const elementsOf = (column: Column | undefined): readonly unknown[] =>
  Array.from((column ?? []) as ArrayLike<unknown>);
