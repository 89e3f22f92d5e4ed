/** The tree attributes that TreeEnsembleClassifier and TreeEnsembleRegressor share: `nodes_*`, and votes by tree and node id. */
import { dataOfAttribute, floatsOf, intsOf, stringsOf } from '../../ir/attributes.ts';
import type { Node } from '../../ir/model.ts';
import { tensorInput } from '../operator.ts';
import { broken, checkEnsemble, type Ensemble, type Leaf, type Mode } from './ensemble.ts';

const modeOf = new Map<string, Mode>([
  ['BRANCH_LEQ', 'le'],
  ['BRANCH_LT', 'lt'],
  ['BRANCH_GTE', 'ge'],
  ['BRANCH_GT', 'gt'],
  ['BRANCH_EQ', 'eq'],
  ['BRANCH_NEQ', 'ne'],
]);

/** `name`, or `name_as_tensor` where the numbers are doubles; undefined where neither is given. */
export const floatsOrTensor = (node: Node, name: string): ArrayLike<number> | undefined => {
  const data = dataOfAttribute(node, `${name}_as_tensor`);
  if (data && data.count > 0) return data.read(0, data.count) as Float64Array;
  return floatsOf(node, name);
};

/**
 * float64 where the input or an attribute is double, else float32: integers are compared as float32, as onnxruntime
 * does.
 */
const computedIn = (node: Node, votes: 'class' | 'target'): Ensemble['dtype'] => {
  const doubles = ['nodes_values', `${votes}_weights`, 'base_values'].some(
    (name) => dataOfAttribute(node, `${name}_as_tensor`)?.dtype === 'float64',
  );
  return doubles || tensorInput(node, 0).dtype === 'float64' ? 'float64' : 'float32';
};

/** The nodes of one tree: `from` to `to` in the attributes. */
interface Run {
  readonly from: number;
  readonly to: number;
  /** Where a node id stands; null where ids count from 0 and the place is `from + id`. */
  readonly at: ReadonlyMap<number, number> | null;
}

/** Reads and checks the trees; `votes` says whose attributes hold what leaves are worth. */
export const readEnsemble = (
  node: Node,
  votes: 'class' | 'target',
  features: number | null,
  targets: number,
): Ensemble => {
  const ids = intsOf(node, 'nodes_nodeids') ?? [];
  const count = ids.length;
  const column = (name: string): readonly number[] => {
    const values = intsOf(node, name) ?? [];
    return values.length === count
      ? values
      : broken(node, `${name} has ${values.length} entries, nodes_nodeids ${count}`);
  };
  const treeIds = column('nodes_treeids');
  const feature = column('nodes_featureids');
  const trueIds = column('nodes_truenodeids');
  const falseIds = column('nodes_falsenodeids');
  const kinds = stringsOf(node, 'nodes_modes') ?? [];
  const threshold = floatsOrTensor(node, 'nodes_values') ?? [];
  if (kinds.length !== count) broken(node, `nodes_modes has ${kinds.length} entries, nodes_nodeids ${count}`);
  if (threshold.length !== count) {
    broken(node, `nodes_values has ${threshold.length} entries, nodes_nodeids ${count}`);
  }
  const tracksTrue = intsOf(node, 'nodes_missing_value_tracks_true') ?? [];
  if (tracksTrue.length !== 0 && tracksTrue.length !== count) {
    broken(node, `nodes_missing_value_tracks_true has ${tracksTrue.length} entries, nodes_nodeids ${count}`);
  }

  const runs = runsOf(node, treeIds, ids);
  const find = (tree: number, id: number): number => {
    const run = runs.get(tree);
    const at = run?.at ? run.at.get(id) : (run?.from ?? 0) + id;
    return run && at !== undefined && at >= run.from && at < run.to
      ? at
      : broken(node, `tree ${tree} has no node ${id}`);
  };

  // Leaves are numbered in the order of the nodes.
  const leafAt = new Int32Array(count).fill(-1);
  const leaves: { id: string; targets: number[]; weights: number[] }[] = [];
  const mode: Mode[] = kinds.map((kind, i) => {
    if (kind === 'LEAF')
      leafAt[i] = leaves.push({ id: `${treeIds[i]}/${ids[i]}`, targets: [], weights: [] }) - 1;
    else if (!modeOf.has(kind)) broken(node, `node ${treeIds[i]}/${ids[i]} has the mode ${kind}`);
    return modeOf.get(kind) ?? 'le';
  });
  const successor = (i: number, id: number): number => {
    if (leafAt[i] !== -1) return -1;
    const at = find(treeIds[i] as number, id);
    const leaf = leafAt[at] as number;
    return leaf === -1 ? at : ~leaf;
  };
  readVotes(node, votes, (tree, id) => leaves[leafAt[find(tree, id)] as number]);

  const ensemble: Ensemble = {
    dtype: computedIn(node, votes),
    mode,
    feature,
    threshold,
    members: new Map(),
    ifTrue: Int32Array.from(trueIds, (id, i) => successor(i, id)),
    ifFalse: Int32Array.from(falseIds, (id, i) => successor(i, id)),
    nanIsTrue: (test) => tracksTrue[test] === 1,
    // The first node listed is the root, as in onnxruntime; the specification counts ids from it.
    roots: [...runs.values()].map(({ from }) => (leafAt[from] === -1 ? from : ~(leafAt[from] as number))),
    leaves,
  };
  checkEnsemble(node, ensemble, features, targets);
  return ensemble;
};

const runsOf = (node: Node, treeIds: readonly number[], ids: readonly number[]): ReadonlyMap<number, Run> => {
  const runs = new Map<number, Run>();
  for (let from = 0, to = 0; from < ids.length; from = to) {
    const tree = treeIds[from] as number;
    if (runs.has(tree)) broken(node, `the nodes of tree ${tree} do not stand together`);
    let counted = true;
    for (to = from; to < ids.length && treeIds[to] === tree; to++) counted &&= ids[to] === to - from;
    let at: Map<number, number> | null = null;
    if (!counted) {
      at = new Map();
      for (let i = from; i < to; i++) at.set(ids[i] as number, i);
      if (at.size !== to - from) broken(node, `tree ${tree} has two nodes with one id`);
    }
    runs.set(tree, { from, to, at });
  }
  return runs;
};

/** A vote for a node that is no leaf counts for nothing: early converters wrote such. */
const readVotes = (
  node: Node,
  votes: 'class' | 'target',
  leafOf: (tree: number, id: number) => (Leaf & { targets: number[]; weights: number[] }) | undefined,
): void => {
  const trees = intsOf(node, `${votes}_treeids`) ?? [];
  const ids = intsOf(node, `${votes}_nodeids`) ?? [];
  const targets = intsOf(node, `${votes}_ids`) ?? [];
  const weights = floatsOrTensor(node, `${votes}_weights`) ?? [];
  if (![ids.length, targets.length, weights.length].every((n) => n === trees.length)) {
    broken(node, `the attributes ${votes}_treeids, _nodeids, _ids and _weights differ in length`);
  }
  trees.forEach((tree, i) => {
    const leaf = leafOf(tree, ids[i] as number);
    leaf?.targets.push(targets[i] as number);
    leaf?.weights.push(weights[i] as number);
  });
};
