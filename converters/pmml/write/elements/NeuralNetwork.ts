/** Layers of neurons: products with constant matrices, an activation function behind each, softmax or two classes at the end. */
import { floatOf, intOf } from '../../../../src/ir/attributes.ts';
import { type Node, OWN, opName, type Value } from '../../../../src/ir/model.ts';
import type { Field } from '../expression.ts';
import { spelled } from '../expression.ts';
import { close, element, open, print } from '../xml.ts';
import { type Label, labelOf } from './label.ts';
import { filled, masked } from './missing.ts';
import { type Graph, type Part, type Recognise, width } from './part.ts';

interface Layer {
  readonly activation: string;
  readonly normalization: 'softmax' | 'simplemax' | undefined;
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
  if (!network) return null;
  const last = network.layers.at(-1) as Layer;
  // One neuron alone is a linear model.
  if (last.biases.length === 1) {
    return last.normalization || network.layers.length < 2 ? null : regression(network, out, graph);
  }
  const shares =
    last.normalization || (last.activation === 'logistic' && labelOf(columnsOf(out, graph).joined, graph));
  return shares ? classification(network, out, graph) : null;
};

// What is predicted

const regression = (network: Network, y: Value, graph: Graph): Part => {
  const from = filled(network.input, graph);
  const whole = from && masked(y, from, graph.readersOf(y), graph);
  const as = [{ feature: 'predictedValue' }];
  return {
    element: 'NeuralNetwork',
    functionName: 'regression',
    classes: null,
    named: true,
    reads: (whole ? from : [network.input]).map((value) => ({ value })),
    gives: [{ value: whole ?? y, as }],
    attributes: attributesOf(network),
    content: (fields, depth, target) => content(network, fields, depth, target, null),
  };
};

const classification = (network: Network, scores: Value, graph: Graph): Part => {
  const count = (network.layers.at(-1) as Layer).biases.length;
  const columns = columnsOf(scores, graph);
  const label = labelOf(columns.joined, graph);
  const classes = label?.classes ?? Array.from({ length: count }, (_, c) => c);
  const missing = label && wholly(network, scores, columns, label, graph);
  const probability = classes.map((c) => ({ feature: 'probability', value: spelled(c) }));
  return {
    element: 'NeuralNetwork',
    functionName: 'classification',
    classes,
    named: true,
    reads: (missing?.from ?? [network.input]).map((value) => ({ value })),
    gives: [
      ...(label ? [{ value: missing?.label ?? label.value, as: [{ feature: 'predictedValue' }] }] : []),
      ...(missing
        ? missing.columns.map((value, c) => ({ value, as: probability.slice(c, c + 1) }))
        : [{ value: scores, as: probability }]),
      ...(missing?.winner ? [{ value: missing.winner, as: [{ feature: 'entityId' }] }] : []),
    ],
    attributes: attributesOf(network),
    content: (fields, depth, target) =>
      content(network, fields, depth, target, classes, missing?.winner ? label?.winner?.names : undefined),
  };
};

interface Columns {
  /** Gather(scores, [c]); undefined where it is not asked for. */
  readonly each: readonly (Value | undefined)[];
  /** All of them joined again; the scores themselves where they are not. */
  readonly joined: Value;
}

/** The scores one by one, as the reader of documents takes them. */
const columnsOf = (scores: Value, graph: Graph): Columns => {
  const gathers = graph
    .readersOf(scores)
    .filter((n) => opName(n.op) === 'Gather' && intOf(n, 'axis', 0) === 1);
  const each = Array.from({ length: width(scores) ?? 0 }, (_, c) => {
    const gather = gathers.find((n) => {
      const index = graph.constant(n.inputs[1]);
      return index?.data.length === 1 && Number(index.data[0]) === c;
    });
    return gather?.outputs[0] ?? undefined;
  });
  const [first] = each;
  const join = (n: Node): boolean =>
    opName(n.op) === 'Concat' && n.inputs.length === each.length && n.inputs.every((v, c) => v === each[c]);
  return { each, joined: (first && graph.readersOf(first).find(join)?.outputs[0]) ?? scores };
};

/** What the network gives, missing where one of its inputs is, if nothing asks for it without. */
const wholly = (
  network: Network,
  scores: Value,
  { each, joined }: Columns,
  label: Label,
  graph: Graph,
): {
  readonly from: readonly Value[];
  readonly label: Value;
  readonly columns: readonly Value[];
  readonly winner: Value | null;
} | null => {
  const from = filled(network.input, graph);
  if (!from || joined === scores || !label.alone || graph.readersOf(joined).length > 1) return null;
  const join = graph.maker(joined);
  const inner = graph.readersOf(scores).every((n) => each.includes(n.outputs[0] as Value));
  const columns = each.map((v) => {
    const readers = v && graph.readersOf(v).filter((n) => n !== join);
    return v && readers && readers.length > 0 ? masked(v, from, readers, graph) : null;
  });
  const named = masked(label.value, from, graph.readersOf(label.value), graph);
  const called = label.winner?.value;
  const winner = called ? masked(called, from, graph.readersOf(called), graph) : null;
  if (!inner || !named || columns.includes(null) || (called && !winner)) return null;
  return { from, label: named, columns: columns as Value[], winner };
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
  if (!network || last?.activation !== 'logistic' || last.biases.length !== 1) return null;
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
    if (!sums || (activated.normalization && layers.length > 0)) break;
    layers.unshift({ activation: activated.name, normalization: activated.normalization, ...sums });
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

interface Activated {
  readonly name: string;
  readonly normalization: Layer['normalization'];
  readonly of: Value;
}

const activationOf = (v: Value, graph: Graph): Activated => {
  const node = graph.maker(v);
  const [x] = node?.inputs ?? [];
  const nothing: Activated = { name: 'identity', normalization: undefined, of: v };
  if (!node || !x) return nothing;
  const name = activations.get(opName(node.op));
  if (name !== undefined) return { ...nothing, name, of: x };
  const written = writtenOut(node, graph);
  if (written) return written;
  // Before opset 13 it went over all axes from the second on, which in a matrix is the same.
  return opName(node.op) === 'Softmax' && [1, -1].includes(intOf(node, 'axis', node.op.since < 13 ? 1 : -1))
    ? { name: 'identity', normalization: 'softmax', of: x }
    : nothing;
};

/** Functions as the reader of documents makes them. */
const writtenOut = (node: Node, graph: Graph): Activated | null => {
  const [x, y] = node.inputs;
  if (opName(node.op) === 'Max' && x && node.inputs.length === 2 && isAll(y, 0, graph))
    return { name: 'rectifier', normalization: undefined, of: x };
  if (opName(node.op) !== 'Div' || !x) return null;
  const add = graph.made(y, 'Add');
  const z = graph.made(graph.made(add?.inputs[1], 'Exp')?.inputs[0], 'Neg')?.inputs[0];
  if (z && isAll(x, 1, graph) && isAll(add?.inputs[0], 1, graph))
    return { name: 'logistic', normalization: undefined, of: z };
  const sum = graph.made(y, `${OWN}.Sum`);
  if (sum?.inputs[0] !== x || sum.inputs[1]) return null;
  const [of, top] = graph.made(graph.made(x, 'Exp')?.inputs[0], 'Sub')?.inputs ?? [];
  if (of && graph.made(top, 'ReduceMax')?.inputs[0] === of)
    return { name: 'identity', normalization: 'softmax', of };
  const shared = activationOf(x, graph);
  return shared.normalization ? null : { ...shared, normalization: 'simplemax' };
};

const isAll = (v: Value | null | undefined, x: number, graph: Graph): boolean => {
  const t = graph.constant(v);
  return t !== undefined && Array.from(t.data as ArrayLike<number>).every((e) => e === x);
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
  names?: readonly string[],
): Generator<string> {
  // Layer and place; the inputs are layer 0. The neurons of the last layer may have names of their own.
  let stem = '';
  while (names?.some((n) => n.startsWith(stem) && /^\d/.test(n.slice(stem.length)))) stem += 'n';
  const id = (layer: number, n: number): string =>
    (layer === layers.length ? names?.[n] : undefined) ?? `${stem}${layer}.${n}`;
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
      normalizationMethod: layer.normalization,
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
