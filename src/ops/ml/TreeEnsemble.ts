import { dataOfAttribute, intOf, intsOf } from '../../ir/attributes.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { cast, literal, ML, rowsEach, tableInput } from './build.ts';
import { asRegressor } from './direct.ts';
import {
  aggregates,
  broken,
  checkEnsemble,
  type Ensemble,
  type Mode,
  modes,
  scoresOf,
  sideBySide,
} from './ensemble.ts';
import { postTransform, postTransformOf } from './postTransform.ts';

const floats: readonly DType[] = ['float32', 'float64', 'float16'];

/**
 * Y = post_transform(aggregate of the leaf weights reached), `[N, n_targets]` in the dtype of the input, which thresholds
 * and weights have too. ai.onnx.ml, TreeEnsemble. Each leaf gives to one target; transforms are computed in float32,
 * and so is all of a float16 ensemble, rounded at the end.
 *
 * The specification is followed where onnxruntime 1.30 departs from it: the runtime skips all transforms but PROBIT
 * where there is one target, takes 1 for LOGISTIC and 2 for SOFTMAX, and sends NaN to the true branch of BRANCH_NEQ.
 */
export const TreeEnsemble: Operator = {
  domain: ML,
  name: 'TreeEnsemble',
  since: [5],
  infer: (node) => {
    const { rows } = tableInput(node, floats);
    return [tensorType(tensorInput(node, 0).dtype, [rows, intOf(node, 'n_targets')])];
  },
  expand: (node, b) => {
    const targets = intOf(node, 'n_targets');
    const { features } = tableInput(node, floats);
    const ensemble = read(node);
    checkEnsemble(node, ensemble, typeof features === 'number' ? features : null, targets);
    const which = intOf(node, 'aggregate_function', 1);
    const aggregate = aggregates[which] ?? refused(node, `aggregate_function is ${which}`);
    const scores = sideBySide(b, scoresOf(b, node.inputs[0] as Value, ensemble, targets, aggregate));
    const sums = aggregate === 'SUM' || aggregate === 'AVERAGE';
    // A minimum or maximum of -0 becomes 0, as a sum (from 0) is.
    const settled = sums ? scores : b.op('Add', [scores, literal(b, ensemble.dtype, 0)]);
    const transform = postTransformOf(node);
    const transformed =
      transform === 'NONE' ? settled : postTransform(b, cast(b, settled, 'float32'), transform);
    return [cast(b, transformed, tensorInput(node, 0).dtype)];
  },
  express: (node, b, opsets) => {
    const { dtype } = tensorInput(node, 0);
    const aggregate = aggregates[intOf(node, 'aggregate_function', 1)];
    if ((opsets.get(ML) ?? 0) >= 5 || !aggregate || dtype === 'float16') return undefined;
    const how = { aggregate, transform: postTransformOf(node) };
    return asRegressor(node, b, opsets, read(node), intOf(node, 'n_targets'), how);
  },
  rows: rowsEach,
};

const read = (node: Node): Ensemble => {
  const feature = intsOf(node, 'nodes_featureids') ?? [];
  const count = feature.length;
  const list = (name: string): readonly number[] => {
    const values = intsOf(node, name) ?? [];
    return values.length === count
      ? values
      : broken(node, `${name} has ${values.length} entries, nodes_featureids ${count}`);
  };
  const numbers = (name: string): ArrayLike<number> => {
    const data = dataOfAttribute(node, name) ?? broken(node, `${name} is missing`);
    return data.read(0, data.count) as Float64Array;
  };
  const codes = numbers('nodes_modes');
  const threshold = numbers('nodes_splits');
  if (codes.length !== count || threshold.length !== count) {
    broken(node, `nodes_modes, nodes_splits and nodes_featureids differ in length`);
  }
  const mode = Array.from(codes, (c): Mode => modes[c] ?? broken(node, `there is no mode ${c}`));
  const tracksTrue = intsOf(node, 'nodes_missing_value_tracks_true') ?? [];
  const targets = intsOf(node, 'leaf_targetids') ?? [];
  const weights = numbers('leaf_weights');
  if (weights.length !== targets.length) broken(node, 'leaf_targetids and leaf_weights differ in length');
  const successor = (ids: readonly number[], leaf: readonly number[]) =>
    // Out of range stays out of range: a negative id must not become another leaf.
    Int32Array.from(ids, (id, i) => (id < 0 ? count : leaf[i] ? ~id : id));
  return {
    dtype: tensorInput(node, 0).dtype === 'float64' ? 'float64' : 'float32',
    mode,
    feature,
    threshold,
    members: membersOf(node, mode),
    ifTrue: successor(list('nodes_truenodeids'), list('nodes_trueleafs')),
    ifFalse: successor(list('nodes_falsenodeids'), list('nodes_falseleafs')),
    nanIsTrue: (test) => tracksTrue[test] === 1,
    roots: (intsOf(node, 'tree_roots') ?? []).map((r) => (r < 0 ? count : r)),
    leaves: targets.map((t, i) => ({ id: `leaf ${i}`, targets: [t], weights: [weights[i] as number] })),
  };
};

/** The sets of the BRANCH_MEMBER tests, in their order, each ended by NaN. */
const membersOf = (node: Node, mode: readonly Mode[]): ReadonlyMap<number, readonly number[]> => {
  const data = dataOfAttribute(node, 'membership_values');
  const values = data ? Array.from(data.read(0, data.count) as Float64Array) : [];
  const members = new Map<number, readonly number[]>();
  let from = 0;
  mode.forEach((m, test) => {
    if (m !== 'in') return;
    if (from >= values.length) broken(node, `membership_values has no set for test ${test}`);
    let to = from;
    while (to < values.length && !Number.isNaN(values[to])) to++;
    members.set(test, values.slice(from, to));
    from = to + 1;
  });
  return members;
};
