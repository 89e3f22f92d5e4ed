/**
 * What RNN, GRU and LSTM share: X `[steps, batch, input]` worked through step by step, in one direction or two. ONNX
 * Operators, RNN, GRU, LSTM.
 *
 * Where the text is silent, what onnxruntime does is followed: a sequence of no steps has the last state 0, and `clip`
 * bounds what goes into the gates, not the cell before its own function.
 */
import { attr, floatOf, floatsOf, intOf, stringOf, stringsOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Dim, type Node, type TensorType, type Type, tensorType, type Value } from '../../ir/model.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { type Dims, dimsOf, ints } from './axes.ts';
import { floats } from './constraints.ts';
import { earlier } from './earlier.ts';
import { attributesBut, finish } from './expansion.ts';
import { products } from './product.ts';
import { softplus } from './Softplus.ts';

export type Floats = Float32Array | Float64Array;

export type Fn = (x: number) => number;

/** What one operator says: how a state goes on by one step. */
export interface Cell {
  readonly gates: number;
  /** The activation functions of one direction, where none are named. */
  readonly functions: readonly string[];
  /** The hidden state, and with 2 the cell's. */
  readonly states: 1 | 2;
  /** As the node's attributes have it. */
  step(node: Node): Step;
}

/** Replaces the state of one row by the next. `x` is Xt·Wᵀ for all gates. */
export type Step = (by: Direction, x: Floats, state: readonly Floats[]) => void;

/** The weights and functions of one direction. */
export interface Direction {
  readonly hidden: number;
  /** All biases of W, then all of R. */
  readonly bias: Floats;
  readonly peepholes: Floats;
  readonly functions: readonly Fn[];
  /** Row `k` of R, over all gates, times a vector. */
  recur(k: number, v: Floats): number;
  /** Bounds what goes into a gate. */
  clip(x: number): number;
  /** Rounds what is kept to the dtype. */
  store(x: number): number;
}

interface Sizes<D> {
  readonly directions: number;
  readonly batchFirst: boolean;
  readonly steps: D;
  readonly batch: D;
  readonly input: D;
  readonly hidden: D;
}

/** The operator at its newest versions, and at those before 14, which had no `layout`. */
export const recurrent = (
  name: string,
  cell: Cell,
  older: readonly (readonly number[])[],
): readonly Operator[] => [
  {
    domain: '',
    name,
    since: [14, 22],
    infer: (node) => inferAll(node, cell),
    evaluate: (inputs, node) => run(node, inputs, cell),
    express: withoutLayout,
    // Rows stand on axis 0 where the batch comes first and nothing but X, its lengths and its states has rows.
    rows: (node) =>
      intOf(node, 'layout', 0) === 1 &&
      [1, 2, 3, 7].every((i) => typeof dimsOf(node.inputs[i])?.[0] !== 'string') &&
      [4, 5, 6].every((i) => !node.inputs[i] || dimsOf(node.inputs[i])?.[0] === dimsOf(node.inputs[0])?.[0])
        ? 'each'
        : 'all',
  },
  ...older.map(
    (since): Operator => ({
      domain: '',
      name,
      since,
      infer: (node) => inferAll(node, cell),
      // `output_sequence` (before 7) only said whether Y may be left out.
      expand: (node, b) => finish(node, b, name, node.inputs, attributesBut(node, ['output_sequence'])),
    }),
  ),
];

const sizesOf = <D extends Dim>(
  node: Node,
  cell: Cell,
  given: readonly (readonly D[] | null)[],
): Sizes<D> => {
  const direction = stringOf(node, 'direction', 'forward');
  if (!['forward', 'reverse', 'bidirectional'].includes(direction))
    refused(node, `direction is ${direction}`);
  const directions = direction === 'bidirectional' ? 2 : 1;
  const layout = intOf(node, 'layout', 0);
  if (layout !== 0 && layout !== 1) refused(node, `layout is ${layout}; it is 0 or 1`);
  const [x, , r] = given;
  const unknown = null as D;
  const named = node.attributes.has('hidden_size') ? (intOf(node, 'hidden_size') as D) : unknown;
  const sizes: Sizes<D> = {
    directions,
    batchFirst: layout === 1,
    steps: x?.[layout] ?? unknown,
    batch: x?.[1 - layout] ?? unknown,
    input: x?.[2] ?? unknown,
    hidden: named ?? r?.[2] ?? unknown,
  };
  const { batch, input, hidden } = sizes;
  const times = (n: number): Dim => (typeof hidden === 'number' ? n * hidden : null);
  const state: readonly Dim[] = layout === 1 ? [batch, directions, hidden] : [directions, batch, hidden];
  const wanted: readonly (readonly Dim[])[] = [
    [null, null, null],
    [directions, times(cell.gates), input],
    [directions, times(cell.gates), hidden],
    [directions, times(2 * cell.gates)],
    [batch],
    state,
    state,
    [directions, times(3)],
  ];
  given.forEach((dims, i) => {
    const want = wanted[i];
    if (!dims || !want) return;
    const fits =
      dims.length === want.length &&
      want.every((w, k) => typeof w !== 'number' || typeof dims[k] !== 'number' || w === dims[k]);
    if (!fits) refused(node, `input ${i} is ${spelled(dims)}; it takes ${spelled(want)}`);
  });
  return sizes;
};

const spelled = (dims: readonly Dim[]): string => `[${dims.map((d) => d ?? '?').join(', ')}]`;

const inferAll = (node: Node, cell: Cell): readonly TensorType[] => {
  const { dtype } = tensorInput(node, 0, floats);
  for (const [i, input] of node.inputs.entries()) {
    if (input) tensorInput(node, i, [i === 4 ? 'int32' : dtype]);
  }
  const { directions, batchFirst, steps, batch, hidden } = sizesOf<Dim>(
    node,
    cell,
    node.inputs.map((v): Dims => dimsOf(v)),
  );
  const all = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden];
  const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  return [all, ...new Array<Dim[]>(cell.states).fill(last)].map((dims) => tensorType(dtype, dims));
};

const run = (node: Node, inputs: readonly (Tensor | null)[], cell: Cell): readonly Tensor[] => {
  const [x, w] = inputs as readonly [Tensor, Tensor];
  const { dtype } = x;
  const sizes = sizesOf<number>(
    node,
    cell,
    inputs.map((t) => t?.dims ?? null),
  );
  const { directions, batchFirst, steps, batch, input, hidden } = sizes;
  const lengths = ints(inputs[4]) ?? new Array<number>(batch).fill(steps);
  if (lengths.some((n) => n < 0 || n > steps))
    refused(node, `sequence_lens [${lengths}] exceed ${steps} steps`);
  const count = cell.gates * hidden;
  const make = (n: number): Floats => (dtype === 'float64' ? new Float64Array(n) : new Float32Array(n));
  const y = make(steps * directions * batch * hidden);
  const last = Array.from({ length: cell.states }, () => make(directions * batch * hidden));
  const functions = functionsOf(node, cell, directions);
  const step = cell.step(node);
  for (let d = 0; d < directions; d++) {
    const direction = directionOf(node, inputs, cell, hidden, d, functions);
    const product = products(dtype === 'float64' ? 'float64' : 'float32', steps * batch * count);
    product.add(
      0,
      { data: x.data, at: 0, row: input, column: 1 },
      { data: w.data, at: d * count * input, row: 1, column: input },
      [steps * batch, input, count],
    );
    const fromX = product.done() as Floats;
    const backward = d === 1 || stringOf(node, 'direction', 'forward') === 'reverse';
    for (let b = 0; b < batch; b++) {
      const length = lengths[b] as number;
      const place = (batchFirst ? b * directions + d : d * batch + b) * hidden;
      const state = last.map((_, s) => {
        const first = inputs[5 + s]?.data as Floats | undefined;
        return first ? make(hidden).map((_, k) => first[place + k] as number) : make(hidden);
      });
      for (let n = 0; n < length; n++) {
        const t = backward ? length - 1 - n : n;
        const row = (batchFirst ? b * steps + t : t * batch + b) * count;
        step(direction, fromX.subarray(row, row + count), state);
        const to = batchFirst ? (b * steps + t) * directions + d : (t * directions + d) * batch + b;
        y.set(state[0] as Floats, to * hidden);
      }
      if (length > 0) for (const [s, to] of last.entries()) to.set(state[s] as Floats, place);
    }
  }
  const all = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden];
  const ends = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  return [tensor(dtype, all, y), ...last.map((data) => tensor(dtype, ends, data))];
};

const directionOf = (
  node: Node,
  inputs: readonly (Tensor | null)[],
  cell: Cell,
  hidden: number,
  d: number,
  functions: Direction['functions'],
): Direction => {
  const { dtype, data: r } = inputs[2] as Tensor;
  const count = cell.gates * hidden;
  const part = (i: number, n: number): Floats => {
    const all = inputs[i]?.data as Floats | undefined;
    return all ? all.subarray(d * n, (d + 1) * n) : new Float64Array(n);
  };
  const step = stepRounder(dtype);
  const weights = (r as Floats).subarray(d * count * hidden, (d + 1) * count * hidden);
  const bound = floatOf(node, 'clip', Infinity);
  return {
    hidden,
    bias: part(3, 2 * count),
    peepholes: part(7, 3 * hidden),
    functions: functions.slice(d * cell.functions.length, (d + 1) * cell.functions.length),
    recur: (k, v) => {
      let sum = 0;
      for (let j = 0; j < hidden; j++) {
        sum = step(sum + step((weights[k * hidden + j] as number) * (v[j] as number)));
      }
      return sum;
    },
    clip: (x) => Math.min(Math.max(x, -bound), bound),
    store: rounder(dtype),
  };
};

interface Activation {
  /** Defaults of the numbers it takes; null: it has none. */
  readonly alpha?: number | null;
  readonly beta?: number | null;
  readonly f: (x: number, alpha: number, beta: number) => number;
}

const activations: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['relu', { f: (x) => Math.max(0, x) }],
  ['tanh', { f: Math.tanh }],
  ['sigmoid', { f: (x) => 1 / (1 + Math.exp(-x)) }],
  ['affine', { alpha: 1, beta: 0, f: (x, a, b) => a * x + b }],
  ['leakyrelu', { alpha: 0.01, f: (x, a) => (x >= 0 ? x : a * x) }],
  ['thresholdedrelu', { alpha: 1, f: (x, a) => (x >= a ? x : 0) }],
  ['scaledtanh', { alpha: null, beta: null, f: (x, a, b) => a * Math.tanh(b * x) }],
  ['hardsigmoid', { alpha: 0.2, beta: 0.5, f: (x, a, b) => Math.min(Math.max(a * x + b, 0), 1) }],
  ['elu', { alpha: 1, f: (x, a) => (x >= 0 ? x : a * Math.expm1(x)) }],
  ['softsign', { f: (x) => x / (1 + Math.abs(x)) }],
  ['softplus', { f: softplus }],
]);

/**
 * The functions of all directions. Each takes its numbers from activation_alpha and activation_beta, in order, if it has
 * such numbers at all; where a list has ended, the function's own default.
 */
const functionsOf = (node: Node, cell: Cell, directions: number): Fn[] => {
  const defaults = Array.from({ length: directions }, () => cell.functions).flat();
  const names = stringsOf(node, 'activations') ?? defaults;
  if (names.length < defaults.length) {
    refused(node, `activations are [${names}]; it takes ${defaults.length}`);
  }
  const taker = (attribute: string) => {
    const list = floatsOf(node, attribute) ?? [];
    let at = 0;
    return (name: string, otherwise: number | null | undefined): number => {
      if (otherwise === undefined) return 0;
      const value = at < list.length ? (list[at++] as number) : otherwise;
      return value ?? refused(node, `${name} has no default; give it ${attribute}`);
    };
  };
  const [alpha, beta] = [taker('activation_alpha'), taker('activation_beta')];
  return names.slice(0, defaults.length).map((name) => {
    const known = activations.get(name.toLowerCase()) ?? refused(node, `there is no activation ${name}`);
    const [a, b] = [alpha(name, known.alpha), beta(name, known.beta)];
    return (x) => known.f(x, a, b);
  });
};

/** Before 14 the batch stood on axis 1: what goes in and comes out is transposed. */
const withoutLayout: NonNullable<Operator['express']> = (node, b, opsets) => {
  const attributes = attributesBut(node, ['layout']);
  if (intOf(node, 'layout', 0) === 0) return earlier(node, b, opsets, node.inputs, attributes);
  const turned = (v: Value, perm: readonly number[]): Value =>
    b.op('Transpose', [v], { perm: attr.ints(perm) });
  const inputs = node.inputs.map((v, i) => (v && [0, 5, 6].includes(i) ? turned(v, [1, 0, 2]) : v));
  // The types of the outputs are those of the transposed ones.
  const untyped = { ...node, outputs: node.outputs.map((o) => o && { ...o, type: unknown }) };
  const outputs = earlier(untyped, b, opsets, inputs, attributes);
  if (isRefusal(outputs)) return outputs;
  return outputs.map((o, i) => o && turned(o, i === 0 ? [2, 0, 1, 3] : [1, 0, 2]));
};

const unknown: Type = { kind: 'unknown' };
