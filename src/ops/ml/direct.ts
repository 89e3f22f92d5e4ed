/** A tree ensemble from one operator to another: TreeEnsembleClassifier and TreeEnsembleRegressor ↔ TreeEnsemble (ai.onnx.ml 5). */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import type { Attribute, Node, Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { earlier } from '../onnx/earlier.ts';
import { cast, literal, ML } from './build.ts';
import { type Aggregate, aggregates, type Ensemble, modes, type Score } from './ensemble.ts';

type Said = readonly (Value | null)[] | Refusal | undefined;

/** What one leaf of a copy of a tree gives. */
interface Vote {
  readonly target: number;
  readonly weight: number;
}

/**
 * Every tree once for each vote that its leaves have, in the order of the trees: a leaf of TreeEnsemble votes once.
 * Undefined where a leaf that does not vote would count.
 */
const copiesOf = (
  e: Ensemble,
  aggregate: Aggregate,
): readonly { readonly root: number; readonly vote: (leaf: number) => Vote }[] | undefined => {
  const single = e.leaves.every((l) => l.targets.length === 1);
  const sum = aggregate === 'SUM' || aggregate === 'AVERAGE';
  if (!single && !sum) return undefined;
  return e.roots.flatMap((root) => {
    const reached = leavesUnder(e, root);
    if (reached.every((l) => e.leaves[l]?.targets.length === 1)) {
      return [{ root, vote: (l: number) => voteOf(e, l, 0) }];
    }
    // The k-th vote of a leaf for a target stands in the k-th copy for that target.
    const most = new Map<number, number>();
    for (const l of reached) {
      const own = new Map<number, number>();
      for (const t of e.leaves[l]?.targets ?? []) own.set(t, (own.get(t) ?? 0) + 1);
      for (const [t, n] of own) most.set(t, Math.max(most.get(t) ?? 0, n));
    }
    return [...most].flatMap(([target, n]) =>
      Array.from({ length: n }, (_, k) => ({
        root,
        vote: (l: number): Vote => {
          const places = [...(e.leaves[l]?.targets ?? []).entries()].filter(([, t]) => t === target);
          const at = places[k]?.[0];
          return at === undefined ? { target, weight: 0 } : voteOf(e, l, at);
        },
      })),
    );
  });
};

const voteOf = (e: Ensemble, leaf: number, i: number): Vote => ({
  target: e.leaves[leaf]?.targets[i] as number,
  weight: e.leaves[leaf]?.weights[i] as number,
});

const leavesUnder = (e: Ensemble, root: number): readonly number[] => {
  const leaves = new Set<number>();
  const open = [root];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at < 0) leaves.add(~at);
    else open.push(e.ifFalse[at] as number, e.ifTrue[at] as number);
  }
  return [...leaves];
};

const modeNumber = new Map(modes.map((m, i) => [m, i]));

/** TreeEnsemble over the copies; each test of the ensemble stands once a copy. */
const treeEnsemble = (
  b: Builder,
  x: Value,
  e: Ensemble,
  targets: number,
  aggregate: Aggregate,
  weightOf: (vote: Vote) => number,
): Value | undefined => {
  const copies = copiesOf(e, aggregate);
  if (!copies) return undefined;
  const roots: number[] = [];
  const [mode, feature, split, nan] = [[], [], [], []] as [number[], number[], number[], number[]];
  const [yes, yesLeaf, no, noLeaf] = [[], [], [], []] as [number[], number[], number[], number[]];
  const [leafTarget, leafWeight, members] = [[], [], []] as [number[], number[], number[]];
  for (const { root, vote } of copies) {
    const leaf = (l: number): number => {
      const v = vote(l);
      leafWeight.push(weightOf(v));
      return leafTarget.push(v.target) - 1;
    };
    const test = (at: number): number => {
      // An equality is an inequality turned round: onnxruntime makes one of two BRANCH_EQ in a row.
      const turned = at >= 0 && e.mode[at] === 'eq';
      const kind = turned ? 'ne' : (e.mode[at] ?? 'le');
      mode.push(at < 0 ? 0 : (modeNumber.get(kind) as number));
      feature.push(at < 0 ? 0 : (e.feature[at] as number));
      split.push(at < 0 || kind === 'in' ? 0 : (e.threshold[at] as number));
      nan.push(at >= 0 && e.nanIsTrue(at) !== turned ? 1 : 0);
      if (kind === 'in' && at >= 0) members.push(...(e.members.get(at) ?? []), Number.NaN);
      for (const list of [yes, yesLeaf, no, noLeaf]) list.push(0);
      return mode.length - 1;
    };
    roots.push(mode.length);
    // A tree that is one leaf is a test that leads to it either way.
    const open = [{ at: root, row: test(root) }];
    for (let one = open.pop(); one; one = open.pop()) {
      const { at, row } = one;
      const turned = at >= 0 && e.mode[at] === 'eq';
      const [first, second] = at < 0 ? [at, at] : [e.ifTrue[at] as number, e.ifFalse[at] as number];
      for (const [to, index, isLeaf] of [
        [turned ? second : first, yes, yesLeaf],
        [turned ? first : second, no, noLeaf],
      ] as const) {
        isLeaf[row] = to < 0 ? 1 : 0;
        index[row] = to < 0 ? leaf(~to) : test(to);
        if (to >= 0) open.push({ at: to, row: index[row] as number });
      }
    }
  }
  const attributes: Record<string, Attribute> = {
    n_targets: attr.int(targets),
    aggregate_function: attr.int(aggregates.indexOf(aggregate === 'AVERAGE' ? 'SUM' : aggregate)),
    post_transform: attr.int(0),
    tree_roots: attr.ints(roots),
    nodes_featureids: attr.ints(feature),
    nodes_modes: attr.data(constant('uint8', mode)),
    nodes_splits: attr.data(constant(e.dtype, split)),
    nodes_truenodeids: attr.ints(yes),
    nodes_trueleafs: attr.ints(yesLeaf),
    nodes_falsenodeids: attr.ints(no),
    nodes_falseleafs: attr.ints(noLeaf),
    nodes_missing_value_tracks_true: attr.ints(nan),
    leaf_targetids: attr.ints(leafTarget),
    leaf_weights: attr.data(constant(e.dtype, leafWeight)),
    ...(members.length > 0 && { membership_values: attr.data(constant(e.dtype, members)) }),
  };
  return b.op([ML, 'TreeEnsemble'], [cast(b, x, e.dtype)], attributes);
};

/** The votes for each target as `scoresOf` gives them, from TreeEnsemble; undefined where it cannot say them. */
export const scoresFromTreeEnsemble = (
  b: Builder,
  x: Value,
  e: Ensemble,
  targets: number,
  aggregate: Aggregate,
): readonly Score[] | undefined => {
  const all = treeEnsemble(b, x, e, targets, aggregate, (v) => v.weight);
  if (!all) return undefined;
  const column = (y: Value, t: number): Value =>
    targets === 1 ? y : b.op('Gather', [y, literal(b, 'int64', [t])], { axis: attr.int(1) });
  const mean = aggregate === 'AVERAGE' ? b.op('Div', [all, literal(b, e.dtype, e.roots.length)]) : all;
  let flags: Value | undefined;
  return Array.from({ length: targets }, (_, t): Score => {
    const value = column(mean, t);
    const votes = (l: number) => e.leaves[l]?.targets.includes(t) === true;
    if (!e.leaves.some((_, l) => votes(l))) return { value, voted: false };
    if (e.roots.some((root) => leavesUnder(e, root).every(votes))) return { value, voted: true };
    const counted: Ensemble = {
      ...e,
      leaves: e.leaves.map((l) => ({ ...l, weights: l.weights.map(() => 1) })),
    };
    flags ??= treeEnsemble(b, x, counted, targets, 'SUM', (v) => v.weight);
    return { value, voted: b.op('Greater', [column(flags as Value, t), literal(b, e.dtype, 0)]) };
  });
};

const modeNames = {
  le: 'BRANCH_LEQ',
  lt: 'BRANCH_LT',
  ge: 'BRANCH_GTE',
  gt: 'BRANCH_GT',
  eq: 'BRANCH_EQ',
  ne: 'BRANCH_NEQ',
} as const;

/** TreeEnsembleRegressor of an ensemble in single precision: `[N, targets]`, float32. */
export const asRegressor = (
  node: Node,
  b: Builder,
  opsets: ReadonlyMap<string, number>,
  e: Ensemble,
  targets: number,
  how: { readonly aggregate: Aggregate; readonly transform: string },
): Said => {
  if (e.dtype !== 'float32') {
    return refuse('express/dtype', 'before ai.onnx.ml 5 tree ensembles give float32 alone');
  }
  if (e.mode.includes('in')) {
    return refuse('express/attribute', 'before ai.onnx.ml 5 there is no test for membership in a set');
  }
  const rows: { tree: number; id: number; at: number }[] = [];
  const [yes, no] = [[], []] as [number[], number[]];
  e.roots.forEach((root, tree) => {
    const first = rows.length;
    const add = (at: number): number => rows.push({ tree, id: rows.length - first, at }) - 1;
    add(root);
    for (let row = first; row < rows.length; row++) {
      const { at } = rows[row] as { at: number };
      const to = (s: number): number => (at < 0 ? 0 : (rows[add(s)] as { id: number }).id);
      yes.push(to(at < 0 ? 0 : (e.ifTrue[at] as number)));
      no.push(to(at < 0 ? 0 : (e.ifFalse[at] as number)));
    }
  });
  const votes = rows.flatMap(({ tree, id, at }) =>
    at >= 0 ? [] : (e.leaves[~at]?.targets ?? []).map((_, i) => ({ tree, id, ...voteOf(e, ~at, i) })),
  );
  const test = <T>(f: (at: number) => T, leaf: T): T[] => rows.map(({ at }) => (at < 0 ? leaf : f(at)));
  const attributes = {
    n_targets: attr.int(targets),
    aggregate_function: attr.string(how.aggregate),
    post_transform: attr.string(how.transform),
    nodes_treeids: attr.ints(rows.map((r) => r.tree)),
    nodes_nodeids: attr.ints(rows.map((r) => r.id)),
    nodes_featureids: attr.ints(test((at) => e.feature[at] as number, 0)),
    nodes_modes: attr.strings(test<string>((at) => modeNames[e.mode[at] as keyof typeof modeNames], 'LEAF')),
    nodes_values: attr.floats(test((at) => e.threshold[at] as number, 0)),
    nodes_truenodeids: attr.ints(yes),
    nodes_falsenodeids: attr.ints(no),
    nodes_missing_value_tracks_true: attr.ints(test((at) => (e.nanIsTrue(at) ? 1 : 0), 0)),
    target_treeids: attr.ints(votes.map((v) => v.tree)),
    target_nodeids: attr.ints(votes.map((v) => v.id)),
    target_ids: attr.ints(votes.map((v) => v.target)),
    target_weights: attr.floats(votes.map((v) => v.weight)),
  };
  return earlier(node, b, opsets, node.inputs, attributes, 'TreeEnsembleRegressor');
};

/** Version 3 brought numbers as tensors: those of single precision were lists before it. */
export const withoutTensors = (node: Node, b: Builder, opsets: ReadonlyMap<string, number>): Said => {
  const attributes: Record<string, Attribute> = {};
  for (const [name, a] of node.attributes) {
    if (!name.endsWith('_as_tensor') || a.kind !== 'data') attributes[name] = a;
    else if (a.data.count > 0 && a.data.dtype !== 'float32') {
      return refuse('express/dtype', `before ai.onnx.ml 3 ${name} cannot be ${a.data.dtype}`);
    } else if (a.data.count > 0) {
      attributes[name.replace(/_as_tensor$/, '')] = attr.floats(a.data.read(0, a.data.count) as Float32Array);
    }
  }
  return earlier(node, b, opsets, node.inputs, attributes);
};
