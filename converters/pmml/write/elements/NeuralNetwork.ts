/** Layers of neurons: products with constant matrices, an activation function behind each, softmax or two classes at the end. */
import { floatOf, intOf } from '../../../../src/ir/attributes.ts';
import { type Node, opName, type Value } from '../../../../src/ir/model.ts';
import type { Field } from '../expression.ts';
import { spelled } from '../expression.ts';
import { close, element, open, print } from '../xml.ts';
import { labelOf } from './label.ts';
import { type Graph, type Part, type Recognise, width } from './part.ts';

interface Layer {
  readonly activation: string;
  readonly softmax: boolean;
  /** For each neuron. */
  readonly biases: readonly number[];
  /** For each neuron, of each of the neurons before. */
  readonly weights: readonly (readonly number[])[];
}

interface Network {
  readonly input: Value;
  readonly layers: readonly Layer[];
}

export const NeuralNetwork: Recognise = (node, graph) => {
  const [out] = node.outputs;
  if (!out || node.outputs.length !== 1) return null;
  if (opName(node.op) === 'Concat') return ofTwo(node, out, graph);
  const network = networkOf(out, graph);
  if (!network || network.layers.length < 2) return null;
  const last = network.layers.at(-1) as Layer;
  if (last.softmax) return classification(network, out, graph);
  return last.biases.length === 1 ? regression(network, out) : null;
};

// What is predicted

const regression = (network: Network, y: Value): Part => ({
  element: 'NeuralNetwork',
  functionName: 'regression',
  classes: null,
  named: true,
  reads: [{ value: network.input }],
  gives: [{ value: y, as: [{ feature: 'predictedValue' }] }],
  attributes: attributesOf(network),
  content: (fields, depth, target) => content(network, fields, depth, target, null),
});

const classification = (network: Network, scores: Value, graph: Graph): Part => {
  const label = labelOf(scores, graph);
  const count = (network.layers.at(-1) as Layer).biases.length;
  const classes = label?.classes ?? Array.from({ length: count }, (_, c) => c);
  return {
    element: 'NeuralNetwork',
    functionName: 'classification',
    classes,
    named: true,
    reads: [{ value: network.input }],
    gives: [
      ...(label ? [{ value: label.value, as: [{ feature: 'predictedValue' }] }] : []),
      { value: scores, as: classes.map((c) => ({ feature: 'probability', value: spelled(c) })) },
    ],
    attributes: attributesOf(network),
    content: (fields, depth, target) => content(network, fields, depth, target, classes),
  };
};

/** The probabilities 1 - p and p, of one neuron: two neurons that hear the opposite of each other. */
const ofTwo = (node: Node, scores: Value, graph: Graph): Part | null => {
  const [q, p, ...more] = node.inputs;
  const rest = graph.made(q, 'Sub');
  const one = graph.constant(rest?.inputs[0]);
  if (!p || more.length > 0 || rest?.inputs[1] !== p || one?.data[0] !== 1 || one.data.length !== 1)
    return null;
  const network = networkOf(p, graph);
  const last = network?.layers.at(-1);
  if (!network || network.layers.length < 2 || last?.activation !== 'logistic' || last.biases.length !== 1)
    return null;
  const both: Layer = {
    ...last,
    biases: last.biases.flatMap((b) => [-b, b]),
    weights: last.weights.flatMap((w) => [w.map((x) => -x), w]),
  };
  return classification({ ...network, layers: [...network.layers.slice(0, -1), both] }, scores, graph);
};

// The graph

/** The layers behind a value `[N, k]`, as far as they go. */
const networkOf = (y: Value, graph: Graph): Network | null => {
  const layers: Layer[] = [];
  let at = y;
  for (;;) {
    const activated = activationOf(sameRows(at, graph), graph);
    const sums = sumsOf(sameRows(activated.of, graph), graph);
    if (!sums || (activated.softmax && layers.length > 0)) break;
    layers.unshift({ activation: activated.name, softmax: activated.softmax, ...sums });
    at = sums.of;
  }
  const rowed = at.type.kind === 'tensor' && at.type.dims?.[0] === graph.model.rows && width(at) !== null;
  return layers.length > 0 && rowed ? { input: at, layers } : null;
};

/** What it is a copy of: one row is the same. */
const sameRows = (v: Value, graph: Graph): Value => {
  const node = graph.maker(v);
  const [from] = node?.inputs ?? [];
  if (!node || !from || v.type.kind !== 'tensor' || from.type.kind !== 'tensor') return v;
  const copies = ['Identity', 'Dropout', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Cast'];
  const same =
    copies.includes(opName(node.op)) &&
    v.type.dtype === from.type.dtype &&
    v.type.dims?.[0] === from.type.dims?.[0] &&
    width(v) !== null &&
    width(v) === width(from);
  return same && node.outputs[0] === v ? sameRows(from, graph) : v;
};

const activations = new Map([
  ['Relu', 'rectifier'],
  ['Tanh', 'tanh'],
  ['Sigmoid', 'logistic'],
]);

const activationOf = (
  v: Value,
  graph: Graph,
): { readonly name: string; readonly softmax: boolean; readonly of: Value } => {
  const node = graph.maker(v);
  const [x] = node?.inputs ?? [];
  const nothing = { name: 'identity', softmax: false, of: v };
  if (!node || !x) return nothing;
  const name = activations.get(opName(node.op));
  if (name !== undefined) return { name, softmax: false, of: x };
  // Before opset 13 it went over all axes from the second on, which in a matrix is the same.
  return opName(node.op) === 'Softmax' && [1, -1].includes(intOf(node, 'axis', node.op.since < 13 ? 1 : -1))
    ? { name: 'identity', softmax: true, of: x }
    : nothing;
};

interface Sums {
  readonly of: Value;
  readonly biases: readonly number[];
  readonly weights: readonly (readonly number[])[];
}

/** Weighted sums of `[N, j]`: a Gemm, or a MatMul with or without an Add behind it. */
const sumsOf = (v: Value, graph: Graph): Sums | null => {
  const gemm = graph.made(v, 'Gemm');
  if (gemm) {
    const [x, w, c] = gemm.inputs;
    if (intOf(gemm, 'transA', 0) !== 0) return null;
    const alpha = floatOf(gemm, 'alpha', 1);
    const beta = floatOf(gemm, 'beta', 1);
    return product(x, w, intOf(gemm, 'transB', 0) !== 0, c ?? null, graph, alpha, beta);
  }
  const add = graph.made(v, 'Add');
  const [a, b] = add?.inputs ?? [];
  const [sum, bias] = graph.constant(a) ? [b, a] : [a, b];
  const matmul = graph.made(add ? sum : v, 'MatMul');
  return matmul ? product(matmul.inputs[0], matmul.inputs[1], false, (add && bias) ?? null, graph) : null;
};

const product = (
  x: Value | null | undefined,
  w: Value | null | undefined,
  turned: boolean,
  bias: Value | null,
  graph: Graph,
  alpha = 1,
  beta = 1,
): Sums | null => {
  const matrix = graph.constant(w);
  if (!x || matrix?.dims.length !== 2) return null;
  const [rows, columns] = matrix.dims as [number, number];
  const [from, to] = turned ? [columns, rows] : [rows, columns];
  if (x.type.kind !== 'tensor' || x.type.dims?.length !== 2 || from === 0 || to === 0) return null;
  const biases = bias === null ? new Array<number>(to).fill(0) : alongRow(bias, to, graph);
  const data = matrix.data as ArrayLike<number>;
  const weights = Array.from({ length: to }, (_, n) =>
    Array.from(
      { length: from },
      (_, i) => alpha * (data[turned ? n * columns + i : i * columns + n] as number),
    ),
  );
  const scaled = biases?.map((b) => beta * b);
  return scaled && [scaled, ...weights].every((list) => list.every(Number.isFinite))
    ? { of: x, biases: scaled, weights }
    : null;
};

/** A constant that is added to each row of `[N, k]`. */
const alongRow = (v: Value, k: number, graph: Graph): readonly number[] | null => {
  const t = graph.constant(v);
  if (!t || t.dims.length > 2 || (t.dims.length === 2 && t.dims[0] !== 1)) return null;
  const values = Array.from(t.data as ArrayLike<number>);
  return values.length === k
    ? values
    : values.length === 1
      ? new Array<number>(k).fill(values[0] as number)
      : null;
};

// The document

const attributesOf = ({ layers }: Network) => ({
  activationFunction: (layers[0] as Layer).activation,
  numberOfLayers: layers.length,
});

function* content(
  { layers }: Network,
  fields: readonly Field[],
  depth: number,
  target: string,
  classes: readonly (string | number)[] | null,
): Generator<string> {
  const continuous = { optype: 'continuous', dataType: 'double' };
  yield open(depth, 'NeuralInputs', { numberOfInputs: fields.length });
  for (const [i, field] of fields.entries()) {
    const input = element('DerivedField', continuous, [element('FieldRef', { field: field.name })]);
    yield print(depth + 1, element('NeuralInput', { id: id(0, i) }, [input]));
  }
  yield close(depth, 'NeuralInputs');
  const common = (layers[0] as Layer).activation;
  for (const [l, layer] of layers.entries()) {
    yield open(depth, 'NeuralLayer', {
      numberOfNeurons: layer.biases.length,
      activationFunction: layer.activation === common ? undefined : layer.activation,
      normalizationMethod: layer.softmax ? 'softmax' : undefined,
    });
    for (const [n, bias] of layer.biases.entries()) {
      const heard = (layer.weights[n] as readonly number[]).map((weight, i) =>
        element('Con', { from: id(l, i), weight }),
      );
      yield print(depth + 1, element('Neuron', { id: id(l + 1, n), bias }, heard));
    }
    yield close(depth, 'NeuralLayer');
  }
  const norms = classes
    ? classes.map((c) => element('NormDiscrete', { field: target, value: spelled(c) }))
    : [element('FieldRef', { field: target })];
  yield open(depth, 'NeuralOutputs', { numberOfOutputs: norms.length });
  for (const [n, norm] of norms.entries()) {
    const output = element('DerivedField', continuous, [norm]);
    yield print(depth + 1, element('NeuralOutput', { outputNeuron: id(layers.length, n) }, [output]));
  }
  yield close(depth, 'NeuralOutputs');
}

/** Layer and place; the inputs are layer 0. */
const id = (layer: number, n: number): string => `${layer}.${n}`;
