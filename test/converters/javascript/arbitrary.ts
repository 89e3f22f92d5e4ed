/** Random predicate tables, trees, expressions and rows for property tests. */
import fc from 'fast-check';
import { ABSENT, type Predicates, PredicateTable } from '../../../src/ir/predicates.ts';
import { type Trees, TreeTable } from '../../../src/ir/trees.ts';
import type { Slot } from '../../../src/kernel/row.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { DType } from '../../../src/tensor/dtype.ts';

export const floats: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  2,
  3,
  1e-40,
  5e-324,
  1e308,
  -1e308,
  Infinity,
  -Infinity,
  Number.NaN,
  0.1,
  1 / 3,
];
export const words: readonly string[] = ['', 'a', 'b', 'c', '__proto__', 'constructor', '"quoted"', 'ä'];

/** Small pools, so that values meet. */
export const scalarOf = (dtype: DType): fc.Arbitrary<number | string | bigint> => {
  switch (dtype) {
    case 'string':
      return fc.constantFrom(...words);
    case 'bool':
      return fc.constantFrom(0, 1);
    case 'int32':
      return fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer());
    case 'int64':
      return fc.oneof(fc.bigInt(-3n, 3n), fc.bigInt(-(2n ** 53n), 2n ** 53n));
    case 'float32':
      return fc.oneof(fc.constantFrom(...floats), fc.float()).map(Math.fround);
    default:
      return fc.oneof(fc.constantFrom(...floats), fc.double());
  }
};

export interface Tested {
  readonly slot: Slot;
  readonly missing: Slot | null;
}

/** Columns of a forest: dtype and whether they may be missing. */
export const columnsArbitrary: fc.Arbitrary<readonly Tested[]> = fc
  .array(
    fc.record({
      dtype: fc.constantFrom<DType>('float64', 'float64', 'float32', 'int32', 'bool', 'string', 'string'),
      missing: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all.map(({ dtype, missing }, i) => ({
      slot: { name: `x${i}`, dtype, size: 1 },
      missing: missing ? { name: `m${i}`, dtype: 'bool', size: 1 } : null,
    })),
  );

/** A table of predicates over the columns, compound ones included; every kind occurs. */
export const predicatesArbitrary = (
  columns: readonly Tested[],
): fc.Arbitrary<{ predicates: Predicates; size: number }> => {
  const simple = fc.nat(columns.length - 1).chain((c) => {
    const { dtype } = (columns[c] as Tested).slot;
    const literal = scalarOf(dtype === 'int64' ? 'int32' : dtype) as fc.Arbitrary<number | string>;
    const compare = fc.constantFrom('lt', 'le', 'gt', 'ge', 'eq', 'ne' as const);
    const bits =
      dtype === 'string'
        ? [ABSENT.nan]
        : [0, ABSENT.nan, ABSENT.zero, ABSENT.nan | ABSENT.zero, ABSENT.asZero];
    return fc.record({
      c: fc.constant(c),
      what: fc.constantFrom('compare', 'compare', 'compare', 'set', 'presence' as const),
      kind: compare,
      negative: fc.boolean(),
      literal,
      set: fc.array(literal, { minLength: 1, maxLength: 4 }),
      bits: fc.constantFrom(...bits),
    });
  });
  const compound = fc.record({
    kind: fc.constantFrom('and', 'or', 'xor', 'surrogate' as const),
    args: fc.array(fc.nat(), { minLength: 2, maxLength: 3 }),
  });
  return fc
    .record({
      simple: fc.array(simple, { minLength: 1, maxLength: 8 }),
      compound: fc.array(compound, { maxLength: 4 }),
    })
    .map(({ simple, compound }) => {
      const table = new PredicateTable();
      table.constant('true');
      table.constant('false');
      for (const s of simple) {
        if (s.what === 'compare') table.compare(s.kind, s.c, s.literal, s.bits);
        else if (s.what === 'set') table.membership(s.negative ? 'notIn' : 'in', s.c, s.set, s.bits);
        else table.presence(s.negative ? 'isNotMissing' : 'isMissing', s.c, s.bits);
      }
      for (const c of compound) {
        const { size } = table;
        table.compound(
          c.kind,
          c.args.map((a) => a % size),
        );
      }
      return { predicates: table.build((values) => constant('float64', values)), size: table.size };
    });
};

/** Trees over `size` predicates: some leaves shared, UNKNOWN leading anywhere below or to an outcome of its own. */
export const treesArbitrary = (size: number): fc.Arbitrary<Trees> =>
  fc
    .array(
      fc.array(fc.record({ test: fc.nat(size - 1), t: fc.nat(), f: fc.nat(), u: fc.nat() }), {
        maxLength: 9,
      }),
      { minLength: 1, maxLength: 11 },
    )
    .map((all) => {
      const table = new TreeTable();
      for (const tests of all) {
        // Children before parents: successors are chosen among what is there already.
        const there: number[] = [table.outcome('a'), table.outcome('b')];
        for (const { test, t, f, u } of tests) {
          there.push(
            table.test(test, there[t % there.length], there[f % there.length], there[u % there.length]),
          );
          if (u % 3 === 0) there.push(table.outcome('c'));
        }
        table.root(there.findLast((x) => x >= 0) ?? (there[0] as number));
      }
      return table.build((values, dims) => constant('float64', values, dims));
    });
