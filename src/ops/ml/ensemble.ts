/**
 * A tree ensemble as the ai.onnx.ml operators hold it, checked, and the same in canonical operators: `Route` finds
 * the leaf of every tree, `Gather` what the leaf gives to a target, `Sum` adds that up in the order of the trees.
 */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { fail } from '../../ir/diagnostic.ts';
import { type Node, OWN, opName, type Value } from '../../ir/model.ts';
import { PredicateTable } from '../../ir/predicates.ts';
import { TreeTable } from '../../ir/trees.ts';
import { constant } from '../../tensor/data.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { cast, concat, literal } from './build.ts';

/** In the order of their numbers in TreeEnsemble 5. */
export const modes = ['le', 'lt', 'ge', 'gt', 'eq', 'ne', 'in'] as const;

export type Mode = (typeof modes)[number];

/** Tests and leaves as columns. A successor ≥ 0 is a test, a negative one a leaf: `~successor`. */
export interface Ensemble {
  /** What inputs and thresholds are compared in, and votes added in. */
  readonly dtype: 'float32' | 'float64';
  readonly mode: readonly Mode[];
  readonly feature: ArrayLike<number>;
  readonly threshold: ArrayLike<number>;
  /** Members of the set of an `in` test. */
  readonly members: ReadonlyMap<number, readonly number[]>;
  readonly ifTrue: ArrayLike<number>;
  readonly ifFalse: ArrayLike<number>;
  /** Does NaN go where TRUE goes? */
  readonly nanIsTrue: (test: number) => boolean;
  readonly roots: readonly number[];
  readonly leaves: readonly Leaf[];
}

export interface Leaf {
  /** How the source names it. */
  readonly id: string;
  /** Votes in the order listed; a target may be voted for several times. */
  readonly targets: readonly number[];
  readonly weights: readonly number[];
}

export const broken = (node: Node, what: string): never =>
  fail(
    'ml/broken-trees',
    `${opName(node.op)}${node.name ? ` '${node.name}'` : ''}: ${what}`,
    node.from[0],
    'the model file is damaged, or its writer is wrong: write it anew',
  );

/** What a sum over trees may hold at most, so that a small file cannot ask for all memory. */
const largestTable = 2 ** 28;

/** Refuses successors, features, thresholds and votes out of range, cycles, and tests that are reached twice. */
export const checkEnsemble = (node: Node, e: Ensemble, features: number | null, targets: number): void => {
  const tests = e.mode.length;
  if (!(targets >= 1 && targets * e.leaves.length <= largestTable)) {
    broken(node, `${e.leaves.length} leaves cannot vote for ${targets} targets`);
  }
  if (e.roots.length === 0) broken(node, 'there is no tree');
  const reached = new Uint8Array(tests);
  const open = [...e.roots];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (!(Number.isInteger(at) && at < tests && ~at < e.leaves.length)) {
      broken(node, `a tree leads to ${at < 0 ? `leaf ${~at}` : `test ${at}`}, which does not exist`);
    }
    if (at < 0) continue;
    if (reached[at]) broken(node, `test ${at} is reached twice: a cycle, or two parents`);
    reached[at] = 1;
    const f = e.feature[at] as number;
    if (!(Number.isInteger(f) && f >= 0 && (features === null || f < features))) {
      broken(node, `test ${at} asks for feature ${f} of ${features ?? 'an unknown number'}`);
    }
    if (e.mode[at] !== 'in' && Number.isNaN(e.threshold[at])) broken(node, `test ${at} compares with NaN`);
    open.push(e.ifTrue[at] as number, e.ifFalse[at] as number);
  }
  for (const leaf of e.leaves) {
    leaf.targets.forEach((t, i) => {
      if (!(Number.isInteger(t) && t >= 0 && t < targets)) {
        broken(node, `leaf ${leaf.id} votes for ${t}; there are ${targets} targets`);
      }
      if (!Number.isFinite(leaf.weights[i])) broken(node, `leaf ${leaf.id} has weight ${leaf.weights[i]}`);
    });
  }
};

/** What the trees give to one target. */
export interface Score {
  /** `[N, 1]` in the ensemble's dtype; 0 where no vote was reached. */
  readonly value: Value;
  /** bool `[N, 1]`: was a vote reached? Or what is so in every row. */
  readonly voted: Value | boolean;
}

export type Aggregate = 'SUM' | 'AVERAGE' | 'MIN' | 'MAX';

export const aggregates = ['AVERAGE', 'SUM', 'MIN', 'MAX'] as const satisfies readonly Aggregate[];

/** The votes of a checked ensemble for each target, aggregated over the trees; base values are not in it. */
export const scoresOf = (
  b: Builder,
  x: Value,
  e: Ensemble,
  targets: number,
  aggregate: Aggregate,
): readonly Score[] => {
  const perTree = e.roots.map((root) => leavesUnder(e, root));
  const every = perTree.map((_, t) => t);
  const single = perTree.map((leaves) => singleTarget(e, leaves));
  // Boosted multiclass trees speak for one class each: their tables stay small when each class has its own trees.
  const apart = targets > 1 && single.every((t) => t !== null);
  const shared = apart ? null : route(b, x, e, perTree, every);
  const routes = Array.from({ length: targets }, (_, target) => {
    const trees = apart ? every.filter((t) => single[t] === target) : every;
    return trees.length === 0 ? null : (shared ?? route(b, x, e, perTree, trees));
  });
  const any = routes.find((r) => r !== null) as Routed;
  return routes.map((r, target) =>
    r === null
      ? { value: zerosLike(b, any.outcomes, e.dtype), voted: false }
      : score(b, e, r, target, aggregate, e.roots.length),
  );
};

const leavesUnder = (e: Ensemble, root: number): readonly number[] => {
  const leaves: number[] = [];
  const open = [root];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at < 0) leaves.push(~at);
    else open.push(e.ifFalse[at] as number, e.ifTrue[at] as number);
  }
  // A tree may lead to the same leaf twice (a tree that is one leaf is written so); it is one outcome.
  return [...new Set(leaves)];
};

/** The one target that all votes under these leaves are for; null where there are more, or none. */
const singleTarget = (e: Ensemble, leaves: readonly number[]): number | null => {
  let found: number | null = null;
  for (const l of leaves) {
    for (const t of (e.leaves[l] as Leaf).targets) {
      if (found !== null && t !== found) return null;
      found = t;
    }
  }
  return found;
};

interface Routed {
  /** int32 `[N, trees]`: the outcome reached in every tree. */
  readonly outcomes: Value;
  /** The leaf that an outcome is. */
  readonly leaves: readonly Leaf[];
  /** Outcomes of each tree. */
  readonly perTree: readonly (readonly number[])[];
}

const route = (
  b: Builder,
  x: Value,
  e: Ensemble,
  perTree: readonly (readonly number[])[],
  trees: readonly number[],
): Routed => {
  const predicates = new PredicateTable();
  const table = new TreeTable();
  const columnOf = new Map<number, number>();
  const leaves: Leaf[] = [];
  const outcomes: number[][] = [];
  for (const t of trees) {
    const outcomeOf = new Map<number, number>();
    for (const l of perTree[t] as readonly number[]) {
      const leaf = e.leaves[l] as Leaf;
      outcomeOf.set(l, table.outcome(leaf.id));
      leaves.push(leaf);
    }
    outcomes.push([...outcomeOf.values()].map((o) => ~o));
    table.root(plant(e, e.roots[t] as number, predicates, table, columnOf, outcomeOf));
  }
  const columns = [...columnOf.keys()].map((f) =>
    cast(b, b.op('Gather', [x, literal(b, 'int64', [f])], { axis: attr.int(1) }), e.dtype),
  );
  // A forest of bare leaves tests nothing, and still needs to know how many rows there are.
  if (columns.length === 0) {
    columns.push(cast(b, b.op('Gather', [x, literal(b, 'int64', [0])], { axis: attr.int(1) }), e.dtype));
  }
  const [reached] = b.call([OWN, 'Route'], columns, {
    attributes: {
      predicates: attr.predicates(predicates.build((v) => constant(e.dtype, v))),
      trees: attr.trees(table.build((v, dims) => constant('float64', v, dims))),
    },
    outputs: [b.unique('outcomes'), null],
  });
  return { outcomes: reached as Value, leaves, perTree: outcomes };
};

/** Copies the tests of one tree into the table; returns what its root leads to. */
const plant = (
  e: Ensemble,
  root: number,
  predicates: PredicateTable,
  table: TreeTable,
  columnOf: Map<number, number>,
  outcomeOf: ReadonlyMap<number, number>,
): number => {
  const testOf = new Map<number, number>();
  const order: number[] = [];
  const open = [root];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at < 0) continue;
    const feature = e.feature[at] as number;
    let c = columnOf.get(feature);
    if (c === undefined) {
      c = columnOf.size;
      columnOf.set(feature, c);
    }
    const mode = e.mode[at] as Mode;
    const predicate =
      mode === 'in'
        ? predicates.membership('in', c, e.members.get(at) ?? [])
        : predicates.compare(mode, c, e.threshold[at] as number);
    testOf.set(at, table.test(predicate));
    order.push(at);
    open.push(e.ifFalse[at] as number, e.ifTrue[at] as number);
  }
  const to = (s: number): number => (s < 0 ? outcomeOf.get(~s) : testOf.get(s)) as number;
  for (const at of order) {
    const yes = to(e.ifTrue[at] as number);
    const no = to(e.ifFalse[at] as number);
    table.link(testOf.get(at) as number, yes, no, e.nanIsTrue(at) ? yes : no);
  }
  return to(root);
};

const score = (
  b: Builder,
  e: Ensemble,
  { outcomes, leaves, perTree }: Routed,
  target: number,
  aggregate: Aggregate,
  trees: number,
): Score => {
  const voted = votedFor(b, outcomes, leaves, perTree, target);
  if (voted === false) return { value: zerosLike(b, outcomes, e.dtype), voted };
  const sum = aggregate === 'SUM' || aggregate === 'AVERAGE';
  const neutral = sum ? 0 : aggregate === 'MIN' ? Infinity : -Infinity;
  const votes = gatherVotes(b, e, outcomes, leaves, perTree.length, target, neutral);
  if (sum) {
    const total = b.op([OWN, 'Sum'], [votes]);
    return {
      value: aggregate === 'SUM' ? total : b.op('Div', [total, literal(b, e.dtype, trees)]),
      voted,
    };
  }
  const extreme = b.op(aggregate === 'MIN' ? 'ReduceMin' : 'ReduceMax', [votes, literal(b, 'int64', [1])], {
    keepdims: attr.int(1),
  });
  return {
    value: voted === true ? extreme : b.op('Where', [voted, extreme, literal(b, e.dtype, 0)]),
    voted,
  };
};

/** 0 in every row: what a target has that no leaf votes for. */
const zerosLike = (b: Builder, outcomes: Value, dtype: DType): Value => {
  const first = b.op('Gather', [outcomes, literal(b, 'int64', [0])], { axis: attr.int(1) });
  return cast(b, b.op('Mul', [first, literal(b, 'int32', 0)]), dtype);
};

/** Is a vote for the target reached: in every row, in none, or as the row's leaves say? */
const votedFor = (
  b: Builder,
  outcomes: Value,
  leaves: readonly Leaf[],
  perTree: readonly (readonly number[])[],
  target: number,
): Value | boolean => {
  const votes = leaves.map((l) => l.targets.includes(target));
  if (!votes.includes(true)) return false;
  if (perTree.some((tree) => tree.every((o) => votes[o]))) return true;
  const table = literal(b, 'int32', votes.map(Number));
  const any = b.op('ReduceMax', [b.op('Gather', [table, outcomes]), literal(b, 'int64', [1])], {
    keepdims: attr.int(1),
  });
  return b.op('Greater', [any, literal(b, 'int32', 0)]);
};

/** The votes for a target in the order of trees, then as listed: `[N, votes]`, `neutral` where a leaf has none (left). */
const gatherVotes = (
  b: Builder,
  e: Ensemble,
  outcomes: Value,
  leaves: readonly Leaf[],
  trees: number,
  target: number,
  neutral: number,
): Value => {
  const listed = leaves.map((l) => l.weights.filter((_, i) => l.targets[i] === target));
  const width = Math.max(1, ...new Set(listed.map((w) => w.length)));
  const table = column(e.dtype, leaves.length * width) as Float64Array;
  listed.forEach((weights, o) => {
    for (let i = 0; i < width; i++) table[o * width + i] = weights[i] ?? neutral;
  });
  if (width === 1) return b.op('Gather', [literal(b, e.dtype, table), outcomes]);
  // A leaf that votes several times for one target: its votes stand side by side.
  const gathered = b.op('Gather', [literal(b, e.dtype, table, [leaves.length, width]), outcomes]);
  return b.op('Reshape', [gathered, literal(b, 'int64', [0, trees * width])]);
};

/** Scores side by side, `[N, targets]`. */
export const sideBySide = (b: Builder, scores: readonly Score[]): Value =>
  concat(
    b,
    scores.map((s) => s.value),
  );
