import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { type Operator, refused } from '../operator.ts';
import { argMax, cast, concat, literal, ML, rowsEach, squeeze, tableInput } from './build.ts';
import { type Labels, labelsAt, labelsOf, labelsWhere } from './classLabels.ts';
import { scoresFromTreeEnsemble, withoutTensors } from './direct.ts';
import { type Ensemble, type Score, scoresOf } from './ensemble.ts';
import { type PostTransform, postTransform, postTransformOf } from './postTransform.ts';
import { floatsOrTensor, readEnsemble } from './treeNodes.ts';

/**
 * Y = the label `[N]` of the class with the greatest sum of votes (the first of equal ones; a class that no leaf
 * reached votes for cannot win), Z = post_transform(sums + base values), float32 `[N, E]` for any input.
 * ai.onnx.ml, TreeEnsembleClassifier. Deprecated from version 5 on, not changed.
 *
 * Two classes of which only one is ever voted for: the specification is silent, and the profile `onnxruntime` is
 * followed (`oneColumn`). Where onnxruntime 1.30 contradicts the specification, the specification is followed: with
 * two classes that are both voted for, the runtime answers class 1 wherever its score is positive, even when class 0
 * has more; it adds base values of two classes to the wrong scores; with one class its labels are 0 and 1.
 */
export const TreeEnsembleClassifier: Operator = {
  domain: ML,
  name: 'TreeEnsembleClassifier',
  since: [1, 3],
  infer: (node) => {
    const { rows } = tableInput(node);
    const labels = labelsOf(node, 'classlabels_int64s');
    return [tensorType(labels.dtype, [rows]), tensorType('float32', [rows, labels.values.length])];
  },
  express: (node, b, opsets) => {
    const ml = opsets.get(ML) ?? 0;
    if (ml < 3) return withoutTensors(node, b, opsets);
    return ml < 5 ? undefined : classified(node, b, scoresFromTreeEnsemble);
  },
  expand: (node, b) =>
    classified(node, b, scoresOf) ?? refuse('ml/no-form', 'its trees have no form in canonical operators'),
  rows: rowsEach,
};

const classified = (
  node: Node,
  b: Builder,
  scored: (...ensemble: Parameters<typeof scoresOf>) => readonly Score[] | undefined,
): readonly (Value | null)[] | Refusal | undefined => {
  const labels = labelsOf(node, 'classlabels_int64s');
  const classes = labels.values.length;
  const { features } = tableInput(node);
  const ensemble = readEnsemble(node, 'class', typeof features === 'number' ? features : null, classes);
  const base = floatsOrTensor(node, 'base_values') ?? [];
  const transform = postTransformOf(node);
  const scores = scored(b, node.inputs[0] as Value, ensemble, classes, 'SUM');
  if (!scores) return undefined;
  const votedFor = new Set(ensemble.leaves.flatMap((l) => l.targets));
  if (classes === 2 && votedFor.size === 1 && base.length < 2) {
    return oneColumn(b, ensemble, scores, base, labels, transform);
  }
  if (base.length !== 0 && base.length !== classes) {
    refused(node, `there are ${base.length} base values for ${classes} classes`);
  }
  const sums = scores.map(({ value }, i) =>
    base.length === 0 ? value : b.op('Add', [value, literal(b, ensemble.dtype, base[i] as number)]),
  );
  const candidates = sums.map((value, i) => {
    const voted = base.length === 0 ? (scores[i] as Score).voted : true;
    if (voted === true) return value;
    const never = literal(b, ensemble.dtype, -Infinity);
    // Added, not chosen, where no row votes: the shape follows the rows.
    return voted === false ? b.op('Add', [value, never]) : b.op('Where', [voted, value, never]);
  });
  return [
    labelsAt(b, labels, argMax(b, concat(b, candidates))),
    postTransform(b, cast(b, concat(b, sums), 'float32'), transform),
  ];
};

/**
 * Two classes, votes for one of them only. Votes for class 0 are the score s of the *second* label; then
 *
 * - no weight is negative (probabilities): label 1 where s > 0.5, scores 1 − s and s;
 * - otherwise (margins): label 1 where s > 0, scores −s and s;
 * - LOGISTIC: scores logistic(−s) and logistic(s); the other transforms are not applied.
 *
 * Votes for class 1: the label likewise, and the scores 0 and s, transformed as usual.
 */
const oneColumn = (
  b: Builder,
  ensemble: Ensemble,
  scores: readonly Score[],
  base: ArrayLike<number>,
  labels: Labels,
  transform: PostTransform,
): readonly (Value | null)[] | Refusal => {
  const { dtype } = ensemble;
  const second = ensemble.leaves.some((l) => l.targets.includes(1));
  if (second && base.length > 0) {
    return refuse('ml/base-value-of-no-class', 'one base value, and votes for the second class only');
  }
  if (!second && transform === 'PROBIT') {
    return refuse('ml/probit-of-one-column', 'PROBIT of one column for two classes leaves a score undefined');
  }
  const [first, other] = scores as readonly [Score, Score];
  const voted = second ? other.value : first.value;
  const s = base.length === 0 ? voted : b.op('Add', [voted, literal(b, dtype, base[0] as number)]);
  const probabilities = ensemble.leaves.every((l) => l.weights.every((w) => !(w < 0)));
  const positive = b.op('Greater', [s, literal(b, dtype, probabilities ? 0.5 : 0)]);
  const label = labelsWhere(b, labels, squeeze(b, positive, 1));
  const narrow = (columns: readonly Value[]) => cast(b, concat(b, columns), 'float32');
  if (second) return [label, postTransform(b, narrow([first.value, s]), transform)];
  if (transform === 'LOGISTIC') {
    return [label, postTransform(b, narrow([b.op('Neg', [s]), s]), transform)];
  }
  const complement = probabilities ? b.op('Sub', [literal(b, dtype, 1), s]) : b.op('Neg', [s]);
  return [label, narrow([complement, s])];
};
