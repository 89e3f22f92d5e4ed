/** Random predicate tables, trees and rows for the laws of this folder: shared subtrees, chains, every kind of test. */

import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, OWN, type Region, tensorType, type Value } from '../../src/ir/model.ts';
import { ABSENT, type Predicates, PredicateTable } from '../../src/ir/predicates.ts';
import { type Trees, TreeTable } from '../../src/ir/trees.ts';
import { operators } from '../../src/ops/registry.ts';
import { constant } from '../../src/tensor/data.ts';
import { type DType, isFloat } from '../../src/tensor/dtype.ts';
import { neighbours, rounder } from '../../src/tensor/float.ts';
import { type Tensor, tensor, tensorOf } from '../../src/tensor/tensor.ts';

/** mulberry32: a small generator, so that a case is its seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  chance(p: number): boolean {
    return this.next() < p;
  }
}

export interface Tested {
  readonly dtype: DType;
  readonly plane: boolean;
}

export interface Case {
  readonly columns: readonly Tested[];
  readonly predicates: Predicates;
  readonly trees: Trees;
  readonly literals: readonly (number | string)[];
}

const dtypes: readonly DType[] = ['float64', 'float32', 'string', 'bool', 'int32', 'int64'];
const words = ['a', 'b', 'c', 'd', 'é'];

export interface Wishes {
  readonly trees?: number;
  readonly tests?: number;
  readonly dtypes?: readonly DType[];
  /** Only simple tests, NaN as missing, and trees without sharing: what boosted forests are. */
  readonly plain?: boolean;
  /** Some tests take both ways where they are UNKNOWN. */
  readonly both?: boolean;
}

export const randomCase = (r: Random, wishes: Wishes = {}): Case => {
  const among = wishes.dtypes ?? dtypes;
  const columns = Array.from({ length: 1 + r.below(5) }, () => ({
    dtype: r.pick(among),
    plane: !wishes.plain && r.chance(0.5),
  }));
  const numbers = Array.from({ length: 1 + r.below(6) }, () =>
    r.pick([() => r.below(4), () => r.next() * 4 - 2, () => 0.1, () => -0, () => Infinity, () => 2 ** 31])(),
  );
  const table = new PredicateTable();
  const simple: number[] = [];
  const leaf = (): number => {
    const c = r.below(columns.length);
    const { dtype } = columns[c] as Tested;
    const text = dtype === 'string';
    const absent =
      wishes.plain || text || r.chance(0.6)
        ? ABSENT.nan
        : r.pick([0, ABSENT.zero, ABSENT.zero | ABSENT.nan, ABSENT.asZero, ABSENT.asZero | ABSENT.nan]);
    const literal = (): number | string => (text ? r.pick(words) : r.pick(numbers));
    if (!wishes.plain && r.chance(0.1))
      return table.presence(r.pick(['isMissing', 'isNotMissing']), c, absent);
    if (!wishes.plain && r.chance(0.05)) return table.constant(r.pick(['true', 'false']));
    if (r.chance(text ? 0.6 : 0.25)) {
      const values = Array.from({ length: r.below(4) }, literal);
      return table.membership(r.pick(['in', 'notIn']), c, values, absent);
    }
    return table.compare(
      text ? r.pick(['eq', 'ne']) : r.pick(['lt', 'le', 'gt', 'ge', 'eq', 'ne']),
      c,
      literal(),
      absent,
    );
  };
  for (let i = 0; i < 8; i++) simple.push(leaf());
  const all = [...simple];
  if (!wishes.plain) {
    for (let i = 0; i < 4; i++) {
      const args = Array.from({ length: 1 + r.below(3) }, () => r.pick(all));
      all.push(table.compound(r.pick(['and', 'or', 'xor', 'surrogate']), args));
    }
  }
  const trees = new TreeTable();
  const count = wishes.trees ?? 1 + r.below(4);
  for (let t = 0; t < count; t++) plantTree(r, t, trees, wishes.plain ? simple : all, wishes);
  return {
    columns,
    predicates: table.build((v) => constant('float64', v)),
    trees: trees.build((v, dims) => constant('float64', v, dims)),
    literals: [...numbers, ...words],
  };
};

/** From the leaves up: every test leads to what is there already, so that subtrees are shared. */
const plantTree = (r: Random, tree: number, table: TreeTable, tests: readonly number[], w: Wishes): void => {
  const there = Array.from({ length: 1 + r.below(5) }, (_, i) => table.outcome(`${tree}.${i}`));
  const fresh = () => table.outcome(`${tree}.more`);
  const grown = r.below(w.tests ?? 14);
  for (let i = 0; i < grown; i++) {
    // Young successors are likelier: trees become deep.
    const some = () =>
      w.plain && r.chance(0.5)
        ? fresh()
        : (there[there.length - 1 - r.below(Math.min(there.length, 4))] as number);
    const [yes, no] = [some(), some()];
    const test = table.test(r.pick(tests), yes, no, r.pick([yes, no, some()]));
    if (w.both && r.chance(0.4)) table.share(test, r.next(), r.next());
    there.push(test);
  }
  table.root(there[there.length - 1] as number);
};

/** Values at, beside and between the literals, absent in every way there is. */
export const randomColumn = (
  r: Random,
  rows: number,
  { dtype, plane }: Tested,
  literals: Case['literals'],
) => {
  const values = Array.from({ length: rows }, (): number | string | boolean | bigint => {
    if (dtype === 'string') return r.pick([...words, 'unseen', '']);
    if (dtype === 'bool') return r.chance(0.5);
    const number = literals.filter((l): l is number => typeof l === 'number');
    if (!isFloat(dtype)) {
      const v = Math.trunc(r.pick([...number.filter(Number.isFinite), r.below(5) - 1]));
      return dtype === 'int64' ? BigInt(v) : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, v));
    }
    const at = rounder(dtype)(r.pick(number));
    const odd = [Number.NaN, 0, -0, 1e-36, -1e-35, Infinity, -Infinity, r.next() * 6 - 3];
    return r.pick([at, at, ...neighbours(at, dtype), r.pick(odd)]);
  });
  const data = tensorOf(dtype, [rows, 1], values);
  const missing = plane
    ? tensor(
        'bool',
        [rows, 1],
        Uint8Array.from({ length: rows }, () => (r.chance(0.3) ? 1 : 0)),
      )
    : null;
  return { data, missing };
};

export const inputsOf = (r: Random, rows: number, c: Case): Map<string, Tensor> => {
  const inputs = new Map<string, Tensor>();
  c.columns.forEach((column, i) => {
    const { data, missing } = randomColumn(r, rows, column, c.literals);
    inputs.set(`c${i}`, data);
    if (missing) inputs.set(`m${i}`, missing);
  });
  return inputs;
};

/** A model over the case's columns and planes. */
export const modelOf = (
  c: Case,
  make: (b: Builder, inputs: readonly (Value | null)[]) => readonly Value[],
): Model => {
  const b = new Builder(operators);
  const columns = c.columns.map(({ dtype }, i) => b.input(`c${i}`, tensorType(dtype, ['N', 1])));
  const planes = c.columns.map(({ plane }, i) =>
    plane ? b.input(`m${i}`, tensorType('bool', ['N', 1])) : null,
  );
  const results = make(b, [...columns, ...planes]);
  return modelFrom(b.finish(results));
};

export const modelFrom = (graph: Region): Model => ({
  format: 'test',
  version: '',
  name: '',
  graph,
  rows: 'N',
  fields: [],
  templates: [],
  opsets: new Map(),
  profile: 'test',
  metadata: new Map(),
  extra: new Map(),
});

/** Route over the case, with or without the count of UNKNOWN tests. */
export const route = (b: Builder, c: Case, inputs: readonly (Value | null)[], counting: boolean) =>
  b.call([OWN, 'Route'], inputs, {
    attributes: {
      predicates: attr.predicates(c.predicates),
      trees: attr.trees(c.trees),
      planes: attr.int(1),
    },
    outputs: ['outcomes', counting ? 'unknowns' : null],
  });
