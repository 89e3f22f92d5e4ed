import { intOf, stringOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { type Operator, refused } from '../operator.ts';
import { cast, concat, literal, ML, rowsEach, tableInput } from './build.ts';
import { scoresFromTreeEnsemble, withoutTensors } from './direct.ts';
import { type Aggregate, aggregates, type Score, scoresOf } from './ensemble.ts';
import { postTransform, postTransformOf } from './postTransform.ts';
import { floatsOrTensor, readEnsemble } from './treeNodes.ts';

/**
 * Y = post_transform(aggregate of the votes of the leaves reached + base value), float32 `[N, n_targets]` for any
 * input. ai.onnx.ml, TreeEnsembleRegressor. Deprecated from version 5 on, not changed.
 *
 * Where onnxruntime 1.30 departs from the specification, the specification is followed: the runtime skips LOGISTIC,
 * SOFTMAX and SOFTMAX_ZERO where there is one target, there counts only the first vote of a leaf, leaves the base
 * value out where no vote was reached, and sends NaN to the true branch of BRANCH_NEQ.
 */
export const TreeEnsembleRegressor: Operator = {
  domain: ML,
  name: 'TreeEnsembleRegressor',
  since: [1, 3],
  infer: (node) => [tensorType('float32', [tableInput(node).rows, intOf(node, 'n_targets')])],
  express: (node, b, opsets) => {
    const ml = opsets.get(ML) ?? 0;
    if (ml < 3) return withoutTensors(node, b, opsets);
    return ml < 5 ? undefined : regressed(node, b, scoresFromTreeEnsemble);
  },
  expand: (node, b) =>
    regressed(node, b, scoresOf) ?? refuse('ml/no-form', 'its trees have no form in canonical operators'),
  rows: rowsEach,
};

const regressed = (
  node: Node,
  b: Builder,
  scored: (...ensemble: Parameters<typeof scoresOf>) => readonly Score[] | undefined,
): readonly (Value | null)[] | undefined => {
  const targets = intOf(node, 'n_targets');
  const { features } = tableInput(node);
  const ensemble = readEnsemble(node, 'target', typeof features === 'number' ? features : null, targets);
  const aggregate = aggregateOf(node);
  const base = floatsOrTensor(node, 'base_values') ?? [];
  if (base.length !== 0 && base.length !== targets) {
    refused(node, `there are ${base.length} base values for ${targets} targets`);
  }
  const votes = scored(b, node.inputs[0] as Value, ensemble, targets, aggregate);
  if (!votes) return undefined;
  const scores = votes.map(({ value }, i) => withBase(b, value, base[i], aggregate, ensemble.dtype));
  return [postTransform(b, cast(b, concat(b, scores), 'float32'), postTransformOf(node))];
};

const aggregateOf = (node: Node): Aggregate => {
  const name = stringOf(node, 'aggregate_function', 'SUM');
  return aggregates.find((a) => a === name) ?? refused(node, `aggregate_function is ${name}`);
};

/** The base value comes last. A minimum or maximum of -0 becomes 0 by it, which a sum (from 0) never is. */
const withBase = (
  b: Builder,
  value: Value,
  base: number | undefined,
  aggregate: Aggregate,
  dtype: 'float32' | 'float64',
): Value =>
  base === undefined && (aggregate === 'SUM' || aggregate === 'AVERAGE')
    ? value
    : b.op('Add', [value, literal(b, dtype, base ?? 0)]);
