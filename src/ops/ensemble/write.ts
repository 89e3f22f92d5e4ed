/** A table of trees as a node: TreeEnsemble (ai.onnx.ml 5), or TreeEnsembleRegressor before it. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Attribute, Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { ceil32, floor32, nextDown32, nextDown64 } from '../../tensor/float.ts';
import { ML } from '../ml/build.ts';
import type { EnsembleTable, TableNode } from './table.ts';

type Float = 'float32' | 'float64';

/** Numbers of the modes in TreeEnsemble 5. */
const MODE = { leq: 0, lt: 1, eq: 4, neq: 5, member: 6 } as const;
const modeNames = new Map<number, string>([
  [MODE.leq, 'BRANCH_LEQ'],
  [MODE.lt, 'BRANCH_LT'],
  [MODE.eq, 'BRANCH_EQ'],
  [MODE.neq, 'BRANCH_NEQ'],
]);

interface Columns {
  readonly modes: Uint8Array;
  readonly splits: number[];
  readonly members: number[];
  /** Where each test leads when the mode written holds, and when not. */
  readonly holds: readonly number[];
  readonly fails: readonly number[];
  /** Does NaN go where the mode written holds? Said for every test: of `x != NaN` the text and onnxruntime think differently. */
  readonly nan: readonly number[];
}

/**
 * Tests in the modes of the operator. onnxruntime is fastest where all nodes have one mode: `x < t` becomes `x <= the
 * float before t` where both kinds stand side by side. In float32, thresholds between two floats are narrowed so that
 * no decision over float32 inputs changes. `x == t` is written as `x != t` with the successors the other way round: NaN fails it
 * all the same, and onnxruntime 1.30 makes one test of two BRANCH_EQ in a row on one feature even where they lead to
 * different leaves (found in a forest of the R package randomForest: 131 of 3,000 random rows wrong, none in this form).
 */
const columnsOf = (table: EnsembleTable, dtype: Float): Columns => {
  const { nodes } = table;
  const narrow = dtype === 'float32';
  const down = narrow ? nextDown32 : nextDown64;
  const kinds = new Set(
    nodes.flatMap(({ test }) => (test.k === 'below' && test.value !== Infinity ? [test.inclusive] : [])),
  );
  const strict = !kinds.has(true);
  const modes = new Uint8Array(nodes.length);
  const splits: number[] = [];
  const members: number[] = [];
  nodes.forEach(({ test }, i) => {
    if (test.k === 'below') {
      const t = narrow ? (test.inclusive ? floor32 : ceil32)(test.value) : test.value;
      const keep = test.inclusive || strict || t === -Infinity;
      modes[i] = test.inclusive || !keep ? MODE.leq : MODE.lt;
      splits.push(keep ? t : down(t));
      return;
    }
    const held = narrow ? test.values.filter((v) => Math.fround(v) === v) : test.values;
    if (held.length === 0) {
      // No float32 is equal to any of them, and none is below -Infinity.
      modes[i] = MODE.lt;
      splits.push(-Infinity);
    } else if (held.length === 1) {
      modes[i] = nodes[i]?.nanHolds ? MODE.eq : MODE.neq;
      splits.push(held[0] as number);
    } else {
      modes[i] = MODE.member;
      splits.push(0);
      members.push(...held, Number.NaN);
    }
  });
  const turned = (to: readonly number[], other: readonly number[]) =>
    to.map((s, i) => (modes[i] === MODE.neq ? (other[i] as number) : s));
  return {
    modes,
    splits,
    members,
    holds: turned(table.holds, table.fails),
    fails: turned(table.fails, table.holds),
    nan: nodes.map((n, i) => (n.nanHolds || modes[i] === MODE.neq ? 1 : 0)),
  };
};

/** `[N, targets]` in the dtype: for each target the sum, from 0 and in the order of the trees, of the leaves reached. */
export const writeEnsemble = (
  b: Builder,
  x: Value,
  table: EnsembleTable,
  targets: number,
  dtype: Float,
): Value => {
  const { modes, splits, members, holds, fails, nan } = columnsOf(table, dtype);
  const index = (to: number) => (to < 0 ? ~to : to);
  const isLeaf = (to: number) => (to < 0 ? 1 : 0);
  const attributes: Record<string, Attribute> = {
    n_targets: attr.int(targets),
    aggregate_function: attr.int(1),
    post_transform: attr.int(0),
    tree_roots: attr.ints(table.roots),
    nodes_featureids: attr.ints(table.nodes.map((n) => n.feature)),
    nodes_modes: attr.data(constant('uint8', modes)),
    nodes_splits: attr.data(constant(dtype, splits)),
    nodes_truenodeids: attr.ints(holds.map(index)),
    nodes_trueleafs: attr.ints(holds.map(isLeaf)),
    nodes_falsenodeids: attr.ints(fails.map(index)),
    nodes_falseleafs: attr.ints(fails.map(isLeaf)),
    nodes_missing_value_tracks_true: attr.ints(nan),
    leaf_targetids: attr.ints(table.targets),
    leaf_weights: attr.data(constant(dtype, table.weights)),
  };
  if (members.length) attributes.membership_values = attr.data(constant(dtype, members));
  return b.op([ML, 'TreeEnsemble'], [x], attributes);
};

/**
 * The same in TreeEnsembleRegressor (ai.onnx.ml 1 and 3), which gives float32 whatever it is given: exact for weights
 * that are whole numbers below 2²⁴, one a target. `double` thresholds ask for version 3.
 */
export const writeRegressor = (
  b: Builder,
  x: Value,
  table: EnsembleTable,
  targets: number,
  dtype: Float,
): Value => {
  const { modes, splits, holds, fails, nan: nanHolds } = columnsOf(table, dtype);
  const tree: number[] = [];
  const id: number[] = [];
  const feature: number[] = [];
  const mode: string[] = [];
  const value: number[] = [];
  const yes: number[] = [];
  const no: number[] = [];
  const nan: number[] = [];
  const target = { tree: [] as number[], node: [] as number[], id: [] as number[], weight: [] as number[] };
  table.roots.forEach((root, t) => {
    const first = id.length;
    const add = (): number => {
      tree.push(t);
      id.push(id.length - first);
      feature.push(0);
      mode.push('LEAF');
      value.push(0);
      yes.push(0);
      no.push(0);
      nan.push(0);
      return id.length - 1;
    };
    const open: { readonly from: number; readonly set: (row: number) => void }[] = [
      { from: root, set: () => {} },
    ];
    for (let visit = open.pop(); visit; visit = open.pop()) {
      const { from } = visit;
      const row = add();
      visit.set(row - first);
      if (from < 0) {
        target.tree.push(t);
        target.node.push(row - first);
        target.id.push(table.targets[~from] as number);
        target.weight.push(table.weights[~from] as number);
        continue;
      }
      const node = table.nodes[from] as TableNode;
      feature[row] = node.feature;
      mode[row] = modeNames.get(modes[from] as number) as string;
      value[row] = splits[from] as number;
      nan[row] = nanHolds[from] as number;
      open.push(
        {
          from: fails[from] as number,
          set: (r) => {
            no[row] = r;
          },
        },
        {
          from: holds[from] as number,
          set: (r) => {
            yes[row] = r;
          },
        },
      );
    }
  });
  const double = dtype === 'float64';
  return b.op([ML, 'TreeEnsembleRegressor'], [x], {
    n_targets: attr.int(targets),
    aggregate_function: attr.string('SUM'),
    post_transform: attr.string('NONE'),
    nodes_treeids: attr.ints(tree),
    nodes_nodeids: attr.ints(id),
    nodes_featureids: attr.ints(feature),
    nodes_modes: attr.strings(mode),
    ...(double
      ? {
          nodes_values_as_tensor: attr.data(constant('float64', value)),
          target_weights_as_tensor: attr.data(constant('float64', target.weight)),
        }
      : { nodes_values: attr.floats(value), target_weights: attr.floats(target.weight) }),
    nodes_truenodeids: attr.ints(yes),
    nodes_falsenodeids: attr.ints(no),
    nodes_missing_value_tracks_true: attr.ints(nan),
    target_treeids: attr.ints(target.tree),
    target_nodeids: attr.ints(target.node),
    target_ids: attr.ints(target.id),
  });
};
