/** LinearRegressor and LinearClassifier of ai.onnx.ml, with the Normalizer that scikit-learn's converter puts behind. */
import { floatsOf, intOf, stringOf } from '../../../../src/ir/attributes.ts';
import { type Node, opName, type Value } from '../../../../src/ir/model.ts';
import { labelsOf } from '../../../../src/ops/ml/classLabels.ts';
import type { Field } from '../expression.ts';
import { spelled } from '../expression.ts';
import { element, type Markup, print } from '../xml.ts';
import { type Graph, type Part, type Recognise, width } from './part.ts';
import { isTame } from './tame.ts';

export const RegressionModel: Recognise = (node, graph) => {
  switch (opName(node.op)) {
    case 'ai.onnx.ml.LinearRegressor':
      return regressor(node);
    case 'ai.onnx.ml.LinearClassifier':
      return classifier(node, graph);
    default:
      return null;
  }
};

/** y = intercept + coefficients · x. */
interface Line {
  readonly intercept: number;
  readonly coefficients: readonly number[];
}

const linesOf = (node: Node, count: number): readonly Line[] | null => {
  const coefficients = Array.from(floatsOf(node, 'coefficients') ?? []);
  const intercepts = Array.from(floatsOf(node, 'intercepts') ?? []);
  const features = coefficients.length / count;
  if (features !== width(node.inputs[0] as Value)) return null;
  if (intercepts.length !== 0 && intercepts.length !== count) return null;
  return Array.from({ length: count }, (_, t) => ({
    intercept: intercepts[t] ?? 0,
    coefficients: coefficients.slice(t * features, (t + 1) * features),
  }));
};

const regressor = (node: Node): Part | null => {
  const [y] = node.outputs;
  if (!y || intOf(node, 'targets', 1) !== 1 || stringOf(node, 'post_transform', 'NONE') !== 'NONE')
    return null;
  const lines = linesOf(node, 1);
  return (
    lines && {
      element: 'RegressionModel',
      functionName: 'regression',
      classes: null,
      reads: [{ value: node.inputs[0] as Value, dtype: 'float32' }],
      gives: [{ value: y, as: [{ feature: 'predictedValue' }] }],
      attributes: {},
      content: (fields, depth) => tables(fields, depth, lines, null),
    }
  );
};

const classifier = (node: Node, graph: Graph): Part | null => {
  const labels = labelsOf(node, 'classlabels_ints');
  if (labels.values.some((v) => typeof v === 'bigint')) return null;
  const classes = labels.values as readonly (number | string)[];
  const lines = linesOf(node, classes.length);
  const transform = stringOf(node, 'post_transform', 'NONE');
  const [label, scores] = node.outputs;
  if (!lines || !scores || !isTame(node.inputs[0] as Value, graph)) return null;
  const probabilities = normalised(scores, graph);
  const how = said(lines, transform, probabilities !== scores);
  return (
    how && {
      element: 'RegressionModel',
      functionName: 'classification',
      classes,
      reads: [{ value: node.inputs[0] as Value, dtype: 'float32' }],
      gives: [
        ...(label ? [{ value: label, as: [{ feature: 'predictedValue' }] }] : []),
        { value: probabilities, as: classes.map((c) => ({ feature: 'probability', value: spelled(c) })) },
      ],
      attributes: { normalizationMethod: how.method },
      content: (fields, depth) => tables(fields, depth, how.lines, classes),
    }
  );
};

/** Probabilities divided by their sum, where nothing else reads them: already 1. */
const normalised = (scores: Value, graph: Graph): Value => {
  const next = graph.only(scores);
  const divided =
    next && opName(next.op) === 'ai.onnx.ml.Normalizer' && stringOf(next, 'norm', 'MAX') === 'L1';
  return divided && next.outputs[0] ? next.outputs[0] : scores;
};

/** PMML's word for the transform; null where it has none. */
const said = (
  lines: readonly Line[],
  transform: string,
  divided: boolean,
): { readonly method: string; readonly lines: readonly Line[] } | null => {
  if (transform === 'SOFTMAX') return { method: 'softmax', lines };
  const [first, second] = lines;
  if (transform !== 'LOGISTIC' || lines.length !== 2 || !first || !second || divided) return null;
  const opposite =
    first.intercept === -second.intercept &&
    first.coefficients.every((c, i) => c === -(second.coefficients[i] as number));
  const nothing: Line = { intercept: 0, coefficients: [] };
  // The logistic function of y and of -y, both as precise as they are small: what `logit` leaves for the first class is not.
  return opposite ? { method: 'softmax', lines: [nothing, second] } : null;
};

function* tables(
  fields: readonly Field[],
  depth: number,
  lines: readonly Line[],
  classes: readonly (string | number)[] | null,
): Generator<string> {
  for (const [t, { intercept, coefficients }] of lines.entries()) {
    const targetCategory = classes ? spelled(classes[t] as string | number) : undefined;
    const terms = coefficients.map((coefficient, i): Markup => {
      const { name } = fields[i] as Field;
      return element('NumericPredictor', { name, coefficient });
    });
    yield print(depth, element('RegressionTable', { intercept, targetCategory }, terms));
  }
}
