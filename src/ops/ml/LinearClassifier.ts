import { floatsOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { type Operator, refused } from '../operator.ts';
import { argMax, concat, literal, ML, rowsEach, squeeze, tableInput } from './build.ts';
import { type Labels, labelsAt, labelsOf, labelsWhere } from './classLabels.ts';
import { linearSums } from './linear.ts';
import { logistic, type PostTransform, postTransform, postTransformOf, sigmoid } from './postTransform.ts';

/**
 * Y = the label `[N]` of the greatest sum of X · coefficientsᵀ + intercepts (the first of equal ones), Z =
 * post_transform(sums), float32 `[N, E]` for any input. ai.onnx.ml, LinearClassifier. `multi_class` changes nothing.
 *
 * Two classes with one row of coefficients: the specification is silent, and the profile `onnxruntime` is followed
 * (`oneColumn`).
 */
export const LinearClassifier: Operator = {
  domain: ML,
  name: 'LinearClassifier',
  since: [1],
  infer: (node) => {
    const { rows } = tableInput(node);
    const labels = labelsOf(node, 'classlabels_ints');
    return [tensorType(labels.dtype, [rows]), tensorType('float32', [rows, labels.values.length])];
  },
  expand: (node, b) => {
    const labels = labelsOf(node, 'classlabels_ints');
    const targets = targetsOf(node, labels.values.length);
    const sums = linearSums(node, b, targets);
    const transform = postTransformOf(node);
    if (targets === 1 && labels.values.length === 2) return oneColumn(b, sums, labels, transform);
    if (targets !== labels.values.length) {
      refused(node, `there are ${labels.values.length} labels for ${targets} rows of coefficients`);
    }
    return [labelsAt(b, labels, argMax(b, sums)), postTransform(b, sums, transform, sigmoid)];
  },
  rows: rowsEach,
};

/** Rows of coefficients: as many as intercepts, or as the features leave room for. */
const targetsOf = (node: Node, labels: number): number => {
  const intercepts = floatsOf(node, 'intercepts')?.length ?? 0;
  if (intercepts > 0) return intercepts;
  const { features } = tableInput(node);
  const coefficients = floatsOf(node, 'coefficients')?.length ?? 0;
  return typeof features === 'number' && features > 0 ? coefficients / features : labels;
};

/**
 * The sum s speaks for the second label, which wins where s > 0. Scores: logistic(−s) and logistic(s) under LOGISTIC,
 * else 1 − s and s; the other transforms are not applied.
 */
const oneColumn = (
  b: Builder,
  s: Value,
  labels: Labels,
  transform: PostTransform,
): readonly (Value | null)[] | Refusal => {
  if (transform === 'PROBIT') {
    return refuse('ml/probit-of-one-column', 'PROBIT of one column for two classes leaves a score undefined');
  }
  const positive = b.op('Greater', [s, literal(b, 'float32', 0)]);
  const scores =
    transform === 'LOGISTIC'
      ? logistic(b, concat(b, [b.op('Neg', [s]), s]))
      : concat(b, [b.op('Sub', [literal(b, 'float32', 1), s]), s]);
  return [labelsWhere(b, labels, squeeze(b, positive, 1)), scores];
};
