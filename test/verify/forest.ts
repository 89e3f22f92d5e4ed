/** Random forests over small tables, made with the builder: what the tests of verification are tried on. */
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Field, type Model, OWN, tensorType, type Value } from '../../src/ir/model.ts';
import { ABSENT, PredicateTable } from '../../src/ir/predicates.ts';
import { TreeTable } from '../../src/ir/trees.ts';
import { operators } from '../../src/ops/registry.ts';
import { constant } from '../../src/tensor/data.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { Random } from '../../src/verify/random.ts';

export type Tree =
  | { readonly leaf: number }
  | { readonly test: Test; readonly yes: Tree; readonly no: Tree; readonly unknown: 'yes' | 'no' };

export type Test =
  | { readonly kind: 'lt' | 'le' | 'gt' | 'ge'; readonly column: number; readonly value: number }
  | { readonly kind: 'in'; readonly column: number; readonly values: readonly string[] }
  | { readonly kind: 'and' | 'or' | 'surrogate'; readonly args: readonly Test[] };

export interface Column {
  readonly name: string;
  readonly dtype: DType;
  readonly categories?: readonly string[];
}

/** A sum of trees over columns that may be missing. */
export const forestModel = (columns: readonly Column[], trees: readonly Tree[], rename = ''): Model => {
  const b = new Builder(operators);
  const inputs = columns.map((c) => b.input(c.name, tensorType(c.dtype, ['N', 1], 'missing')));
  const tests = new PredicateTable();
  const table = new TreeTable();
  const leaves: number[] = [];
  const predicate = (t: Test): number => {
    if (t.kind === 'in') return tests.membership('in', t.column, t.values, ABSENT.nan);
    if ('args' in t) return tests.compound(t.kind, t.args.map(predicate));
    return tests.compare(t.kind, t.column, t.value, ABSENT.nan);
  };
  const add = (t: Tree): number => {
    if ('leaf' in t) {
      leaves.push(t.leaf);
      return table.outcome(String(leaves.length));
    }
    const yes = add(t.yes);
    const no = add(t.no);
    return table.test(predicate(t.test), yes, no, t.unknown === 'yes' ? yes : no);
  };
  for (const t of trees) table.root(add(t));
  const [outcomes] = b.call([OWN, 'Route'], inputs, {
    attributes: {
      predicates: attr.predicates(tests.build((v) => constant('float64', v))),
      trees: attr.trees(table.build((v, dims) => constant('float64', v, dims))),
    },
    outputs: [`leaf${rename}`, null],
  });
  const worth = b.constant(constant('float64', leaves));
  const values = b.op('Gather', [worth, outcomes as Value], { axis: attr.int(0) });
  const y = b.op([OWN, 'Sum'], [values], { base: attr.string('last') }, { output: 'y' });
  return modelOf(b, columns, inputs, y);
};

export const modelOf = (
  b: Builder,
  columns: readonly Column[],
  inputs: readonly Value[],
  ...outputs: readonly Value[]
): Model => {
  const fields: Field[] = columns.map((c, i) => ({
    name: c.name,
    role: 'input',
    value: inputs[i] as Value,
    optype: c.dtype === 'string' ? 'categorical' : 'continuous',
    ...(c.categories && { categories: c.categories }),
  }));
  for (const value of outputs) {
    const optype =
      value.type.kind === 'tensor' && value.type.dtype === 'string' ? 'categorical' : 'continuous';
    fields.push({ name: value.name, role: 'output', value, optype, says: 'prediction' });
  }
  return {
    format: 'test',
    version: '1',
    name: 'test',
    graph: b.finish(outputs),
    rows: 'N',
    fields,
    templates: [],
    opsets: new Map(),
    profile: 'test',
    metadata: new Map(),
    extra: new Map(),
  };
};

/** Seeded random trees of exactly this depth, except where a path leaves no choice. */
export const randomTrees = (
  columns: readonly Column[],
  count: number,
  depth: number,
  seed: number,
  compound = true,
): Tree[] => {
  const random = new Random(seed);
  const simple = (): Test => {
    const column = random.below(columns.length);
    const { dtype, categories = [] } = columns[column] as Column;
    if (dtype === 'string') {
      const values = categories.filter(() => random.below(2) === 0);
      return { kind: 'in', column, values: values.length ? values : [categories[0] as string] };
    }
    const x = dtype === 'int32' ? random.below(20) : random.next();
    return {
      kind: random.pick(['lt', 'le', 'gt', 'ge'] as const),
      column,
      value: dtype === 'float32' ? Math.fround(x) : x,
    };
  };
  const test = (): Test =>
    compound && random.below(6) === 0
      ? { kind: random.pick(['and', 'or', 'surrogate'] as const), args: [simple(), simple()] }
      : simple();
  const grow = (d: number): Tree =>
    d === 0
      ? { leaf: random.below(1000) / 8 }
      : { test: test(), yes: grow(d - 1), no: grow(d - 1), unknown: random.pick(['yes', 'no'] as const) };
  return Array.from({ length: count }, () => grow(depth));
};

export const someColumns: readonly Column[] = [
  { name: 'a', dtype: 'float64' },
  { name: 'b', dtype: 'float64' },
  { name: 'c', dtype: 'float32' },
  { name: 'd', dtype: 'int32' },
  { name: 'e', dtype: 'string', categories: ['red', 'green', 'blue', 'grey'] },
  { name: 'f', dtype: 'float64' },
];
