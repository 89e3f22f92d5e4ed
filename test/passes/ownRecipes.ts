/** Ways to use our own operators in their plain forms: those that have one in the row language. */
import { attr } from '../../src/ir/attributes.ts';
import type { Builder } from '../../src/ir/builder.ts';
import { type Attribute, OWN, type Value } from '../../src/ir/model.ts';
import { ABSENT, PredicateTable } from '../../src/ir/predicates.ts';
import { TreeTable } from '../../src/ir/trees.ts';
import { constant } from '../../src/tensor/data.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import type { Use } from './recipes.ts';

type Attributes = Readonly<Record<string, Attribute>>;

const call =
  (name: string, attributes: Attributes, outputs?: readonly string[]) =>
  (b: Builder, inputs: readonly (Value | null)[]): readonly (Value | null)[] =>
    b.call([OWN, name], inputs, { attributes, ...(outputs && { outputs }) });

const floats: readonly DType[] = ['float64', 'float32'];

/** Every kind of predicate, over numbers, strings, integers and a bool. */
const table = () => {
  const p = new PredicateTable();
  const [x, s, i, flag] = [0, 1, 2, 3];
  const simple = [
    p.constant('true'),
    p.constant('false'),
    p.compare('lt', x, 0),
    p.compare('le', x, 0.1),
    p.compare('gt', x, -2.5, 0),
    p.compare('ge', x, 1, ABSENT.zero),
    p.compare('eq', x, 0, ABSENT.asZero),
    p.compare('ne', x, 1, 0),
    p.compare('lt', x, -1, ABSENT.asZero),
    p.compare('gt', x, Number.NaN),
    p.compare('lt', x, -Infinity, 0),
    p.compare('ge', x, Infinity, 0),
    p.membership('in', x, [1, 0.5, Number.NaN], 0),
    p.membership('notIn', x, [-1, 0], ABSENT.nan | ABSENT.zero),
    p.presence('isMissing', x),
    p.presence('isNotMissing', x, ABSENT.zero),
    p.presence('isMissing', x, ABSENT.asZero),
    p.compare('eq', s, 'a'),
    p.compare('ne', s, '__proto__'),
    p.membership('in', s, ['a', '', ' 7 ']),
    p.membership('notIn', s, []),
    p.presence('isMissing', s),
    p.compare('le', i, 1.5),
    p.compare('gt', i, -1, ABSENT.zero),
    p.membership('in', i, [0, 2, 2.5]),
    p.compare('eq', flag, 1),
    p.compare('lt', flag, 1),
  ];
  const compound = (['and', 'or', 'xor', 'surrogate'] as const).flatMap((kind) => [
    p.compound(kind, [simple[3] as number, simple[17] as number, simple[23] as number]),
    p.compound(kind, [simple[19] as number, simple[2] as number]),
  ]);
  const nested = compound.slice(1).map((c, k) => p.compound('and', [c, compound[k] as number]));
  return { predicates: p.build((v) => constant('float64', v)), rows: [...simple, ...compound, ...nested] };
};

/** A tree of three tests for each predicate; under UNKNOWN the third way, or both. */
const trees = (tests: readonly number[], both: boolean) => {
  const t = new TreeTable();
  for (const p of tests) {
    const [a, b, c] = [t.outcome('a'), t.outcome('b'), t.outcome('c')];
    const last = t.test(p, b, a, c);
    const other = t.test(tests[(p + 5) % tests.length] as number, last, c, a);
    const first = t.test(p, a, other, last);
    if (both) t.share(first, 0.3, 0.7);
    t.root(first);
  }
  t.root(t.outcome('alone'));
  return t.build((v, dims) => constant('float64', v, dims));
};

const columns: Use['inputs'] = (['float64', 'string', 'int32', 'bool'] as const).map((dtype) => ({
  dtype,
  dims: [1],
}));
const withPlanes: Use['inputs'] = [...columns, ...columns.map(() => ({ dtype: 'bool' as const, dims: [1] }))];

const overColumns = (name: string, attributes: () => Attributes, outputs: readonly string[]): Use[] => [
  { inputs: columns, build: call(name, attributes(), outputs.slice(0, name === 'Route' ? 2 : 1)) },
  { inputs: withPlanes, build: call(name, { ...attributes(), planes: attr.int(1) }, outputs) },
  {
    inputs: withPlanes.slice(0, 6),
    build: (b, given) =>
      call(
        name,
        { ...attributes(), planes: attr.int(1) },
        outputs,
      )(b, [...given.slice(0, 5), null, given[5] as Value, null]),
  },
];

const routing = (both: boolean) => () => {
  const { predicates, rows } = table();
  return { predicates: attr.predicates(predicates), trees: attr.trees(trees(rows, both)) };
};

const lookup = (keys: Attribute, values: Attribute, missing: readonly number[]): Attributes => ({
  keys,
  values,
  planes: attr.int(1),
  ...(missing.length > 0 && { missing: attr.data(constant('bool', missing)) }),
});

const data = (dtype: DType, values: readonly (number | string)[]): Attribute =>
  attr.data(constant(dtype, values));

const points = (dtype: DType, count: number, outliers: string): Attributes => ({
  origs: data(dtype, [-3, -0.1, 0.5, 1, 7.3].slice(0, count)),
  norms: data(dtype, [0.1, 5, -2.5, 1 / 3, 100].slice(0, count)),
  outliers: attr.string(outliers),
});

/** Those of `recipes`, ours. */
export const ownRecipes: Readonly<Record<string, readonly Use[]>> = {
  'portolan.Bin': floats.map((dtype) => ({
    inputs: [{ dtype, dims: [2] }],
    build: call('Bin', {
      edges: attr.data(constant(dtype, [-Infinity, -1, -1, 0.5, 0.5, 1, 1, 1, 0, 9, 9, Infinity], [6, 2])),
      closures: attr.strings(['oo', 'cc', 'oc', 'co', 'oo', 'cc']),
    }),
  })),
  'portolan.Interpolate': floats.flatMap((dtype) =>
    ['asIs', 'asExtremeValues'].flatMap((outliers) =>
      [2, 5].map(
        (n): Use => ({
          inputs: [{ dtype, dims: [2] }],
          build: call('Interpolate', points(dtype, n, outliers)),
        }),
      ),
    ),
  ),
  'portolan.Lookup': [
    {
      inputs: [{ dtype: 'string', dims: [2] }],
      build: call(
        'Lookup',
        lookup(data('string', ['a', '', 'a', '__proto__']), data('float64', [1, 2, 3, 4]), []),
        ['value', 'none'],
      ),
    },
    {
      inputs: [{ dtype: 'float64', dims: [1] }],
      build: call(
        'Lookup',
        lookup(
          data('float64', [Number.NaN, 0, 0.5, Infinity]),
          data('string', ['x', 'y', 'z', '']),
          [0, 0, 1, 0],
        ),
        ['value', 'none'],
      ),
    },
    {
      inputs: [{ dtype: 'int32', dims: [1] }],
      build: call('Lookup', lookup(data('int32', [2, 0, -1]), data('int32', [7, 8, 9]), [1, 0, 0]), [
        'value',
        'none',
      ]),
    },
    {
      inputs: [{ dtype: 'string', dims: [1] }],
      build: call('Lookup', lookup(data('string', []), data('float64', []), []), ['value', 'none']),
    },
  ],
  'portolan.Route': overColumns('Route', routing(false), ['outcome', 'unknowns']),
  'portolan.Spread': overColumns('Spread', routing(true), ['weights']),
  'portolan.Sum': floats.flatMap((dtype): Use[] => [
    { inputs: [{ dtype, dims: [9] }], build: call('Sum', {}) },
    ...['first', 'last'].map(
      (base): Use => ({
        inputs: [{ dtype, dims: [12] }],
        build: (b, [x]) =>
          call('Sum', { base: attr.string(base) })(b, [x as Value, b.constant(constant(dtype, [0.1]))]),
      }),
    ),
  ]),
  'portolan.Tally': floats.flatMap((dtype): Use[] => [
    {
      inputs: [{ dtype: 'int32', dims: [5] }],
      build: (b, [x]) =>
        call('Tally', { classes: attr.int(3) })(b, [
          x as Value,
          b.constant(constant(dtype, [0.1, 0.2, 0.3, 0.7, 1])),
        ]),
    },
    {
      inputs: [
        { dtype: 'int32', dims: [4] },
        { dtype, dims: [4] },
      ],
      build: call('Tally', { classes: attr.int(2) }),
    },
  ]),
  'portolan.Text': [
    ...['uppercase', 'lowercase', 'trimBlanks', 'stringLength'].map(
      (fn): Use => ({
        inputs: [{ dtype: 'string', dims: [2] }],
        build: call('Text', { fn: attr.string(fn) }),
      }),
    ),
    {
      inputs: [1, 3].map((n) => ({ dtype: 'string', dims: [n] })),
      build: call('Text', { fn: attr.string('concat') }),
    },
    {
      inputs: (['string', 'float64', 'float64'] as const).map((dtype) => ({ dtype, dims: [2] })),
      build: call('Text', { fn: attr.string('substring') }),
    },
  ],
  'portolan.Test': overColumns('Test', () => {
    const { predicates, rows } = table();
    return { predicates: attr.predicates(predicates), rows: attr.ints(rows) };
  }, ['truth', 'unknown']),
};
