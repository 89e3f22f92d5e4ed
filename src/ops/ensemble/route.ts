/** Route in ONNX operators: trees to one TreeEnsemble, and in logic those that do not unfold. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import type { Predicates } from '../../ir/predicates.ts';
import { ALL, type Trees } from '../../ir/trees.ts';
import { constant } from '../../tensor/data.ts';
import type { DType } from '../../tensor/dtype.ts';
import { cast, literal, ML } from '../ml/build.ts';
import type { Plane } from '../operator.ts';
import { dtypeOf } from '../own/where.ts';
import { Branches } from './branches.ts';
import { buildFeatures } from './features.ts';
import { reachTree, testsInOrder } from './reach.ts';
import { EnsembleTable, keepApart } from './table.ts';
import { Truths } from './truth.ts';
import { type Unfolding, unfoldTree } from './unfold.ts';
import { writeEnsemble, writeRegressor } from './write.ts';

export interface Routing {
  readonly predicates: Predicates;
  readonly trees: Trees;
  /** `[N, 1]` each. */
  readonly columns: readonly Plane[];
}

type Opsets = ReadonlyMap<string, number>;
type Float = 'float32' | 'float64';

/** Copies of shared subtrees may make a tree this many times larger. */
const growth = 4;

/** Small trees may grow more. */
const slack = 64;

const bound = (trees: Trees, tree: number): number =>
  growth * testsInOrder(trees, trees.roots[tree] as number).length + slack;

const branchesOf = ({ predicates, columns }: Routing, sets: boolean): Branches =>
  new Branches(
    predicates,
    columns.map(({ data, missing }) => ({ dtype: dtypeOf(data) as DType, plane: missing !== null })),
    sets,
  );

/** dtypes whose every value a float32 holds. */
const narrow: readonly (DType | undefined)[] = [
  'float32',
  'float16',
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
];

const testedDtypes = ({ columns }: Routing, branches: Branches): (DType | undefined)[] =>
  branches.features.filter((f) => f.kind === 'number').map((f) => dtypeOf((columns[f.of] as Plane).data));

/** Does float32 hold every number that is tested? */
const fitsFloat32 = (routing: Routing, branches: Branches): boolean =>
  testedDtypes(routing, branches).every((d) => narrow.includes(d));

/** float32 where the numbers tested are, so that half the memory does; else double. */
const dtypeFor = (routing: Routing, branches: Branches): Float =>
  testedDtypes(routing, branches).includes('float32') && fitsFloat32(routing, branches)
    ? 'float32'
    : 'float64';

/** Whole numbers up to here are exact in float32. */
const wholeInFloat32 = 2 ** 24;

export interface Routed {
  /** int32 `[N, trees]`. */
  readonly outcomes: Value;
  /** int32 `[N, trees]`; null where not asked for. */
  readonly unknowns: Value | null;
}

/** For every tree the outcome reached, and, if asked, how many tests were UNKNOWN on the way. */
export const expressRoute = (
  b: Builder,
  routing: Routing,
  opsets: Opsets,
  counting: boolean,
): Routed | Refusal => {
  const { predicates, trees, columns } = routing;
  if (trees.ifUnknown.includes(ALL)) return refuse('express/route-all', 'a test leads to both successors');
  const ml = opsets.get(ML) ?? 0;
  const branches = branchesOf(routing, ml >= 5);
  const table = new EnsembleTable();
  // A leaf is an outcome with a number of UNKNOWN tests; its weight is its place in this list.
  const pairs: { readonly outcome: number; readonly unknowns: number }[] = [];
  const placeOf = new Map<string, number>();
  const unfolded: number[] = [];
  const unfolding: Unfolding = {
    trees,
    branches,
    counting,
    leaf: (_, outcome, unknowns) => {
      if (!counting) return [unfolded.length, outcome];
      const key = `${outcome} ${unknowns}`;
      let at = placeOf.get(key);
      if (at === undefined) {
        at = pairs.push({ outcome, unknowns }) - 1;
        placeOf.set(key, at);
      }
      return [unfolded.length, at];
    },
  };
  const others: number[] = [];
  trees.roots.forEach((_, tree) => {
    (unfoldTree(table, tree, unfolding, bound(trees, tree)) ? unfolded : others).push(tree);
  });
  const truths = new Truths(b, predicates, columns, opsets);
  const row = (columns[0] as Plane).data;
  const parts: { outcomes: Value; unknowns: Value | null }[] = [];
  if (unfolded.length) {
    const leaves = counting ? pairs.length : trees.outcomes;
    const dtype = leaves < wholeInFloat32 ? dtypeFor(routing, branches) : 'float64';
    const refusal = olderRefusal(ml, dtype, leaves);
    if (refusal) return refusal;
    keepApart(table, branches.twin);
    const x = buildFeatures(b, branches.features, { predicates, columns, truths, opsets }, dtype);
    const write = ml >= 5 ? writeEnsemble : writeRegressor;
    const reached = cast(b, write(b, x, table, unfolded.length, dtype), 'int32');
    const look = (values: readonly number[]) =>
      b.op('Gather', [b.constant(constant('int32', values)), reached], { axis: attr.int(0) });
    parts.push(
      counting
        ? { outcomes: look(pairs.map((p) => p.outcome)), unknowns: look(pairs.map((p) => p.unknowns)) }
        : { outcomes: reached, unknowns: null },
    );
  }
  for (const tree of others) {
    const { outcome, unknowns } = reachTree(b, trees, tree, truths, row);
    parts.push({ outcomes: outcome, unknowns });
  }
  const order = [...unfolded, ...others];
  const inOrder = order.every((t, i) => t === i);
  const join = (values: readonly Value[]): Value => {
    const all = values.length === 1 ? (values[0] as Value) : b.op('Concat', values, { axis: attr.int(1) });
    if (inOrder) return all;
    const place = Array.from({ length: order.length }, (_, t) => order.indexOf(t));
    return b.op('Gather', [all, literal(b, 'int64', place)], { axis: attr.int(1) });
  };
  return {
    outcomes: join(parts.map((p) => p.outcomes)),
    unknowns: counting ? join(parts.map((p) => p.unknowns as Value)) : null,
  };
};

/** Why the operators before TreeEnsemble cannot say it. */
const olderRefusal = (ml: number, dtype: Float, leaves: number): Refusal | undefined => {
  if (ml >= 5) return undefined;
  if (ml < 1) return refuse('express/no-trees', 'trees need the operators of ai.onnx.ml');
  if (ml < 3 && dtype === 'float64') {
    return refuse(
      'express/trees-float64',
      `ai.onnx.ml ${ml} tests trees in float32 only; ask for 3, better 5`,
    );
  }
  return leaves < wholeInFloat32
    ? undefined
    : refuse(
        'express/too-many-leaves',
        `ai.onnx.ml ${ml} returns float32, which cannot tell ${leaves} leaves apart`,
      );
};

/**
 * The sum, from 0 and in the order of the trees, of what the outcomes reached are worth: one TreeEnsemble. Undefined
 * where a tree does not unfold, or the tests need another dtype than the sum. `base` enters first.
 */
export const expressForest = (
  b: Builder,
  routing: Routing,
  opsets: Opsets,
  dtype: Float,
  targets: number,
  leaf: (outcome: number) => readonly [target: number, weight: number],
  chosen: readonly number[],
  base: number | null,
): Value | undefined => {
  const { predicates, trees, columns } = routing;
  if ((opsets.get(ML) ?? 0) < 5 || trees.ifUnknown.includes(ALL)) return undefined;
  const branches = branchesOf(routing, true);
  const table = new EnsembleTable();
  if (base !== null) table.leaf('root', 0, base);
  const unfolding: Unfolding = { trees, branches, counting: false, leaf: (_, outcome) => leaf(outcome) };
  for (const tree of chosen) {
    if (!unfoldTree(table, tree, unfolding, bound(trees, tree))) return undefined;
  }
  if (dtype === 'float32' && !fitsFloat32(routing, branches)) return undefined;
  keepApart(table, branches.twin);
  const truths = new Truths(b, predicates, columns, opsets);
  const x = buildFeatures(b, branches.features, { predicates, columns, truths, opsets }, dtype);
  return writeEnsemble(b, x, table, targets, dtype);
};
