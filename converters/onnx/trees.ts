/**
 * Are the trees of ai.onnx.ml's tree operators trees? Indices in range, every node reached once, no cycles: runtimes follow
 * these indices without looking (there were reads out of bounds). Also what a leaf says must exist.
 */
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import type { Model } from '../../src/ir/model.ts';
import type { AttributeProto, Int, NodeProto } from './schema.ts';
import { type External, TensorData } from './tensors.ts';

type Attributes = ReadonlyMap<string, AttributeProto>;

const wrong = (why: string, at: Place): never => fail('onnx/tree', why, at);

const ints = (attributes: Attributes, name: string): readonly number[] =>
  (attributes.get(name)?.ints ?? []).map((x: Int) => Number(x));

export const checkTrees = (node: NodeProto, at: Place, external: External): void => {
  if (node.domain !== 'ai.onnx.ml') return;
  const attributes = new Map((node.attribute ?? []).map((a) => [a.name ?? '', a]));
  // Inside a function the columns may come from the call: then the call's own values are checked where it is expanded.
  if ([...attributes.values()].some((a) => a.ref_attr_name)) return;
  if (node.op_type === 'TreeEnsembleClassifier') checkLinked(attributes, 'class', at, external);
  else if (node.op_type === 'TreeEnsembleRegressor') checkLinked(attributes, 'target', at, external);
  else if (node.op_type === 'TreeEnsemble') checkRooted(attributes, at);
};

const sameLength = (lists: Readonly<Record<string, ArrayLike<unknown> | undefined>>, at: Place): number => {
  const entries = Object.entries(lists).filter(([, l]) => l !== undefined && l.length > 0);
  const [first, ...rest] = entries;
  for (const [name, list] of rest) {
    if (list?.length !== first?.[1]?.length) {
      wrong(`${name} has ${list?.length} entries, ${first?.[0]} ${first?.[1]?.length}`, at);
    }
  }
  return first?.[1]?.length ?? 0;
};

const present = (list: ArrayLike<unknown>, count: number, name: string, at: Place): void => {
  if (list.length !== count) wrong(`${name} has ${list.length} entries, there are ${count} nodes`, at);
};

const features = (list: readonly number[], at: Place): void => {
  for (const f of list) if (!(f >= 0 && f <= 0x7fff_ffff)) wrong(`there is no feature ${f}`, at);
};

/** Walks every tree from its root; a node met twice is shared or on a cycle. */
const walk = (
  roots: Iterable<number>,
  children: (node: number) => readonly number[],
  count: number,
  at: Place,
): Uint8Array => {
  const met = new Uint8Array(count);
  const open: number[] = [];
  for (const root of roots) {
    open.push(root);
    for (let n = open.pop(); n !== undefined; n = open.pop()) {
      if (met[n]) wrong(`node ${n} is reached twice: a cycle, or two parents`, at);
      met[n] = 1;
      open.push(...children(n));
    }
  }
  return met;
};

/** TreeEnsembleClassifier and -Regressor 1 and 3: nodes named by (tree id, node id). */
const checkLinked = (
  attributes: Attributes,
  leaf: 'class' | 'target',
  at: Place,
  external: External,
): void => {
  const list = (name: string) => ints(attributes, name);
  const modes = (attributes.get('nodes_modes')?.strings ?? []).map(String);
  const trees = list('nodes_treeids');
  const ids = list('nodes_nodeids');
  const count = trees.length;
  const yes = list('nodes_truenodeids');
  const no = list('nodes_falsenodeids');
  const feature = list('nodes_featureids');
  for (const [name, l] of Object.entries({ ids, modes, yes, no, feature })) {
    present(
      l,
      count,
      name === 'ids' ? 'nodes_nodeids' : name === 'modes' ? 'nodes_modes' : `the list of ${name}`,
      at,
    );
  }
  for (const name of [
    'nodes_values',
    'nodes_hitrates',
    'nodes_missing_value_tracks_true',
    'nodes_values_as_tensor',
    'nodes_hitrates_as_tensor',
  ]) {
    const length = lengthOf(attributes.get(name), at, external);
    if (length > 0 || name === 'nodes_missing_value_tracks_true') {
      if (length > 0 && length !== count)
        wrong(`${name} has ${length} entries, there are ${count} nodes`, at);
    }
  }
  features(feature, at);
  const index = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const key = `${trees[i]} ${ids[i]}`;
    if (index.has(key)) wrong(`node ${ids[i]} of tree ${trees[i]} stands twice`, at);
    index.set(key, i);
  }
  const isLeaf = (i: number) => modes[i] === 'LEAF';
  const child = (i: number, id: number): number =>
    index.get(`${trees[i]} ${id}`) ??
    wrong(`node ${ids[i]} of tree ${trees[i]} leads to ${id}, which is not there`, at);
  const children = (i: number): readonly number[] =>
    isLeaf(i) ? [] : [child(i, yes[i] as number), child(i, no[i] as number)];
  const hasParent = new Uint8Array(count);
  for (let i = 0; i < count; i++) for (const c of children(i)) hasParent[c] = 1;
  const roots = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    if (hasParent[i]) continue;
    const tree = trees[i] as number;
    if (roots.has(tree)) wrong(`tree ${tree} has more than one root`, at);
    roots.set(tree, i);
  }
  const met = walk(roots.values(), children, count, at);
  // A cycle has no root and is never reached.
  const lost = met.indexOf(0);
  if (lost >= 0) wrong(`node ${ids[lost]} of tree ${trees[lost]} is on a cycle`, at);
  checkLeaves(attributes, leaf, index, isLeaf, at, external);
};

const lengthOf = (attribute: AttributeProto | undefined, at: Place, external: External): number => {
  if (!attribute) return 0;
  if (attribute.t) return new TensorData(attribute.t, at, external).count;
  return (attribute.floats ?? attribute.ints ?? attribute.strings ?? []).length;
};

const checkLeaves = (
  attributes: Attributes,
  leaf: 'class' | 'target',
  index: ReadonlyMap<string, number>,
  isLeaf: (node: number) => boolean,
  at: Place,
  external: External,
): void => {
  const trees = ints(attributes, `${leaf}_treeids`);
  const nodes = ints(attributes, `${leaf}_nodeids`);
  const ids = ints(attributes, `${leaf}_ids`);
  sameLength({ [`${leaf}_treeids`]: trees, [`${leaf}_nodeids`]: nodes, [`${leaf}_ids`]: ids }, at);
  const weights =
    lengthOf(attributes.get(`${leaf}_weights`), at, external) ||
    lengthOf(attributes.get(`${leaf}_weights_as_tensor`), at, external);
  if (weights !== ids.length) wrong(`there are ${weights} weights for ${ids.length} leaves`, at);
  const labels =
    leaf === 'target'
      ? Number(attributes.get('n_targets')?.i ?? Infinity)
      : lengthOf(attributes.get('classlabels_strings'), at, external) ||
        lengthOf(attributes.get('classlabels_int64s'), at, external);
  if (leaf === 'class' && labels === 0) wrong('there are no class labels', at);
  // Two labels may be told apart by one weight, of class 0.
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if (!(id >= 0 && id < labels)) wrong(`there is no ${leaf} ${id}`, at);
    const node = index.get(`${trees[i]} ${nodes[i]}`);
    if (node === undefined)
      wrong(`a weight is given for node ${nodes[i]} of tree ${trees[i]}, which is not there`, at);
    else if (!isLeaf(node))
      wrong(`a weight is given for node ${nodes[i]} of tree ${trees[i]}, which is no leaf`, at);
  }
};

/** TreeEnsemble 5: nodes and leaves by position. */
const checkRooted = (attributes: Attributes, at: Place): void => {
  const list = (name: string) => ints(attributes, name);
  const roots = list('tree_roots');
  const yes = list('nodes_truenodeids');
  const no = list('nodes_falsenodeids');
  const yesLeaf = list('nodes_trueleafs');
  const noLeaf = list('nodes_falseleafs');
  const feature = list('nodes_featureids');
  const targets = list('leaf_targetids');
  const count = yes.length;
  const lists = {
    nodes_falsenodeids: no,
    nodes_trueleafs: yesLeaf,
    nodes_falseleafs: noLeaf,
    nodes_featureids: feature,
  };
  for (const [name, l] of Object.entries(lists)) present(l, count, name, at);
  const tensor = (name: string) => tensorCount(attributes.get(name));
  for (const name of ['nodes_modes', 'nodes_splits']) {
    if (tensor(name) !== count) wrong(`${name} has ${tensor(name)} entries, there are ${count} nodes`, at);
  }
  if (tensor('leaf_weights') !== targets.length) {
    wrong(`there are ${tensor('leaf_weights')} weights for ${targets.length} leaves`, at);
  }
  for (const name of ['nodes_missing_value_tracks_true', 'nodes_hitrates']) {
    const length = attributes.get(name)?.ints?.length ?? tensor(name);
    if (length > 0 && length !== count) wrong(`${name} has ${length} entries, there are ${count} nodes`, at);
  }
  features(feature, at);
  const nTargets = Number(attributes.get('n_targets')?.i ?? Infinity);
  for (const t of targets) if (!(t >= 0 && t < nTargets)) wrong(`there is no target ${t}`, at);
  const inRange = (i: number, limit: number, what: string): number =>
    i >= 0 && i < limit ? i : wrong(`there is no ${what} ${i}`, at);
  for (const r of roots) inRange(r, count, 'root');
  const child = (id: number, leaf: number): readonly number[] => {
    if (leaf) inRange(id, targets.length, 'leaf');
    else inRange(id, count, 'node');
    return leaf ? [] : [id];
  };
  walk(
    roots,
    (i) => [...child(yes[i] as number, yesLeaf[i] as number), ...child(no[i] as number, noLeaf[i] as number)],
    count,
    at,
  );
};

const tensorCount = (attribute: AttributeProto | undefined): number =>
  attribute?.t ? (attribute.t.dims ?? [1]).reduce<number>((n, d) => n * Number(d), 1) : 0;

const treeOperators: ReadonlySet<string> = new Set([
  'TreeEnsembleClassifier',
  'TreeEnsembleRegressor',
  'TreeEnsemble',
]);

/** Does every tree ask for columns that its input has? Only where the built graph knows how many those are. */
export const checkFeatures = (model: Model): void => {
  for (const n of model.graph.nodes) {
    if (n.op.domain !== 'ai.onnx.ml' || !treeOperators.has(n.op.name)) continue;
    const type = n.inputs[0]?.type;
    const columns = type?.kind === 'tensor' ? type.dims?.at(-1) : undefined;
    if (typeof columns !== 'number') continue;
    const asked = n.attributes.get('nodes_featureids');
    const modes = n.attributes.get('nodes_modes');
    if (asked?.kind !== 'ints') continue;
    asked.values.forEach((f, i) => {
      const leaf = modes?.kind === 'strings' && modes.values[i] === 'LEAF';
      if (!leaf && Number(f) >= columns) {
        fail('onnx/tree', `a tree asks for feature ${f}, its input has ${columns} columns`, n.from[0]);
      }
    });
  }
};
