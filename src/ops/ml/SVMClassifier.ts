import { floatsOf, intsOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { type Column, column, isBig } from '../../tensor/dtype.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused } from '../operator.ts';
import { ML, rowsEach, tableInput } from './build.ts';
import { type Labels, labelsOf } from './classLabels.ts';
import { coupled } from './coupling.ts';
import { type PostTransform, postTransformOf } from './postTransform.ts';
import { dot, type Kernel, kernelOf, logistic, rowsOf, transformed } from './svm.ts';

/**
 * Y = a label `[N]`, Z = scores float32 `[N, E]` for any input. ai.onnx.ml, SVMClassifier, whose text names attributes
 * and gives no formula: this is the profile `onnxruntime`, which computes what LIBSVM and LIBLINEAR do.
 *
 * With support vectors (one against one): for classes i < j the decision is Σ coefficient · kernel + rho, positive for i;
 * the label is the class with most decisions. Z holds, with prob_a and prob_b, the probability of each class; else the
 * decisions, one a pair, and for two classes the decision d twice: −d and d (without post_transform), 1 − d and d (with).
 * Without support vectors: X · coefficientsᵀ + rho[0] for each class; see `linearLabel`.
 */
export const SVMClassifier: Operator = {
  domain: ML,
  name: 'SVMClassifier',
  since: [1],
  infer: (node) => {
    const { rows, features } = tableInput(node);
    const m = machineOf(node);
    if (typeof features === 'number' && features !== m.features) {
      refused(node, `the input has ${features} features, the vectors ${m.features}`);
    }
    return [tensorType(m.labels.dtype, [rows]), tensorType('float32', [rows, widthOf(m)])];
  },
  evaluate: ([x], node) => {
    const given = x as Tensor;
    const m = machineOf(node);
    if (given.dims[1] !== m.features)
      refused(node, `the input has ${given.dims[1]} features, not ${m.features}`);
    const n = given.dims[0] as number;
    const rows = rowsOf(given);
    const width = widthOf(m);
    const index = new Int32Array(n);
    const scores = new Float32Array(n * width);
    for (let r = 0; r < n; r++) {
      const result = m.count > 0 ? oneAgainstOne(m, rows, r) : linear(m, rows, r);
      index[r] = result.index;
      scores.set(result.scores, r * width);
    }
    return [tensor(m.labels.dtype, [n], labelColumn(m.labels, index)), tensor('float32', [n, width], scores)];
  },
  lower: () => refuse('ml/no-row-form', 'support vector machines have no form in the row language yet'),
  rows: rowsEach,
};

export interface Machine {
  readonly labels: Labels;
  readonly classes: number;
  readonly kernel: Kernel;
  readonly features: number;
  /** Support vectors; 0 for a linear machine. */
  readonly count: number;
  readonly vectors: Float32Array;
  /** Where the vectors of each class begin, and where those of the last end. */
  readonly from: readonly number[];
  /** [classes − 1, count], or [classes, features] for a linear machine. */
  readonly coefficients: Float32Array;
  readonly rho: Float32Array;
  readonly probA: Float32Array;
  readonly probB: Float32Array;
  readonly transform: PostTransform;
}

export const machineOf = (node: Node): Machine => {
  const floats = (name: string) => Float32Array.from(floatsOf(node, name) ?? []);
  const labels = labelsOf(node, 'classlabels_ints');
  const classes = labels.values.length;
  const perClass = intsOf(node, 'vectors_per_class') ?? [];
  const from = [0];
  for (const k of perClass) from.push((from.at(-1) as number) + k);
  const count = from.at(-1) as number;
  const m: Machine = {
    labels,
    classes,
    kernel: kernelOf(node),
    features: floats(count > 0 ? 'support_vectors' : 'coefficients').length / (count > 0 ? count : classes),
    count,
    vectors: floats('support_vectors'),
    from,
    coefficients: floats('coefficients'),
    rho: floats('rho'),
    probA: floats('prob_a'),
    probB: floats('prob_b'),
    transform: postTransformOf(node),
  };
  const pairs = (classes * (classes - 1)) / 2;
  if (!Number.isInteger(m.features) || m.features < 1) refused(node, 'the vectors differ in length');
  if (m.probA.length !== m.probB.length || (m.probA.length !== 0 && m.probA.length !== pairs)) {
    refused(node, `prob_a and prob_b must hold a number for each of ${pairs} pairs of classes`);
  }
  if (count > 0) {
    if (classes < 2) refused(node, 'one class cannot be told from another');
    if (perClass.length !== classes || perClass.some((k) => k < 0)) {
      refused(node, `vectors_per_class must hold a number for each of ${classes} classes`);
    }
    if (m.coefficients.length !== (classes - 1) * count) {
      refused(node, `there are ${m.coefficients.length} coefficients, not ${(classes - 1) * count}`);
    }
    if (m.rho.length !== pairs) refused(node, `rho must hold a number for each of ${pairs} pairs of classes`);
  } else if (m.rho.length < 1) refused(node, 'rho is missing');
  return m;
};

const widthOf = (m: Machine): number =>
  m.count === 0 || m.probA.length > 0 || m.classes === 2 ? m.classes : (m.classes * (m.classes - 1)) / 2;

interface Result {
  readonly index: number;
  readonly scores: readonly number[];
}

const oneAgainstOne = (m: Machine, rows: Float32Array, r: number): Result => {
  const kernels = Array.from({ length: m.count }, (_, v) => m.kernel(rows, r, m.vectors, v, m.features));
  const decisions: number[] = [];
  const votes = new Array<number>(m.classes).fill(0);
  for (let i = 0; i < m.classes - 1; i++) {
    for (let j = i + 1; j < m.classes; j++) {
      // Class i's vectors weigh by row j − 1 of the coefficients, class j's by row i: a class has no row against itself.
      const sum =
        weighed(m, kernels, i, j - 1) + weighed(m, kernels, j, i) + (m.rho[decisions.length] as number);
      decisions.push(Math.fround(sum));
      const winner = sum > 0 ? i : j;
      votes[winner] = (votes[winner] as number) + 1;
    }
  }
  const index = votes.indexOf(Math.max(...votes));
  if (m.probA.length > 0) {
    const probabilities = coupled(
      m.classes,
      decisions.map((d, p) => pairProbability(m, d, p)),
    );
    return { index, scores: transformed(probabilities, m.transform) };
  }
  if (m.classes > 2) return { index, scores: transformed(decisions, m.transform) };
  return { index, scores: bothSides(decisions[0] as number, m.transform) };
};

/** Σ over the vectors of a class, in double as onnxruntime sums. */
const weighed = (m: Machine, kernels: readonly number[], of: number, row: number): number => {
  let sum = 0;
  for (let v = m.from[of] as number; v < (m.from[of + 1] as number); v++) {
    sum += Math.fround((m.coefficients[row * m.count + v] as number) * (kernels[v] as number));
  }
  return sum;
};

const bothSides = (d: number, transform: PostTransform): number[] => {
  if (transform === 'NONE') return [-d, d];
  if (transform === 'LOGISTIC') return [logistic(-d), logistic(d)];
  return [Math.fround(1 - d), d];
};

/** The probability of the first class of a pair: a sigmoid of the decision, kept away from 0 and 1. */
const pairProbability = (m: Machine, decision: number, pair: number): number => {
  const f = Math.fround;
  const p = f(1 - logistic(f(f(decision * (m.probA[pair] as number)) + (m.probB[pair] as number))));
  return Math.min(Math.max(p, f(1e-7)), f(1 - f(1e-7)));
};

const linear = (m: Machine, rows: Float32Array, r: number): Result => {
  const scores = m.labels.values.map((_, k) =>
    Math.fround(dot(rows, r, m.coefficients, k, m.features) + (m.rho[0] as number)),
  );
  return { index: linearLabel(m, scores), scores: transformed(scores, m.transform) };
};

/** The greatest score; but of two classes the second where any score is positive (no weight negative: at least 0.5). */
const linearLabel = (m: Machine, scores: readonly number[]): number => {
  const max = Math.max(...scores);
  if (m.classes === 2 && m.probA.length === 0) {
    const positive = m.coefficients.every((c) => c >= 0) ? max >= 0.5 : max > 0;
    if (positive) return 1;
  }
  return scores.indexOf(max);
};

const labelColumn = (labels: Labels, index: Int32Array): Column => {
  const out = column(labels.dtype, index.length);
  index.forEach((k, i) => {
    const label = labels.values[k] as number | bigint | string;
    (out as unknown[])[i] = isBig(labels.dtype) ? BigInt(label) : label;
  });
  return out;
};
