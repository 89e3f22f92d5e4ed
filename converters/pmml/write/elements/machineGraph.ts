/**
 * Support vector machines as this project's reader of PMML builds them: a kernel matrix with all vectors, a weighted sum
 * for each machine, and how the sums decide. Where a field of the row is missing there is no result, which the element
 * says by itself: masks are looked through, and what they ask is gathered.
 */
import { intOf, stringOf } from '../../../../src/ir/attributes.ts';
import type { Node, Value } from '../../../../src/ir/model.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import type { Graph } from './part.ts';

export interface KernelType {
  readonly kind: 'linear' | 'polynomial' | 'radialBasis' | 'sigmoid';
  readonly gamma: number;
  readonly coef0: number;
  readonly degree: number;
}

export interface Sum {
  readonly columns: readonly Value[];
  readonly kernel: KernelType;
  /** One field of all vectors beside each other; null: the coefficients are of the fields. */
  readonly fields: readonly (readonly number[])[] | null;
  /** What the kernel matrix is; machines that share it share the vectors. */
  readonly matrix: Value | null;
  /** Numbers of the vectors. */
  readonly vectors: readonly number[] | null;
  readonly coefficients: readonly number[];
  readonly rho: number;
}

/** What its being missing follows from: values that are not masks of others. */
export const missingIn = (v: Value, graph: Graph, found: Set<Value> = new Set()): ReadonlySet<Value> => {
  if (v.type.kind !== 'tensor' || v.type.absent !== 'missing') return found;
  const mask = graph.made(v, 'portolan.Mask');
  if (!mask) return found.add(v);
  missingIn(mask.inputs[0] as Value, graph, found);
  asked(mask.inputs[1] as Value, graph, found);
  return found;
};

/** The same of a plane; a plane that asks anything else counts as itself. */
const asked = (plane: Value, graph: Graph, found: Set<Value>): void => {
  const either = graph.made(plane, 'Or') ?? graph.made(plane, 'Concat');
  const one = graph.made(plane, 'portolan.IsMissing');
  if (either) for (const p of either.inputs) asked(p as Value, graph, found);
  else if (one) missingIn(one.inputs[0] as Value, graph, found);
  else found.add(plane);
};

/** What it is where nothing is missing. */
export const core = (v: Value, graph: Graph): Value => {
  const through = graph.made(v, 'portolan.Fill') ?? graph.made(v, 'portolan.Mask');
  return through ? core(through.inputs[0] as Value, graph) : v;
};

const numbersOf = (t: Tensor | undefined): readonly number[] | null =>
  t?.dtype === 'float64' ? Array.from(t.data as Float64Array) : null;

const single = (v: Value | null | undefined, graph: Graph): number | null => {
  const list = numbersOf(graph.constant(v));
  return list?.length === 1 ? (list[0] as number) : null;
};

/** The two operands of an operator. */
const operands = (v: Value, name: string, graph: Graph): readonly [Value, Value] | null => {
  const node = graph.made(v, name);
  return node?.inputs.length === 2 ? (node.inputs as unknown as readonly [Value, Value]) : null;
};

/** Σ coefficient · term + rho, plain. */
export const sumOf = (v: Value, graph: Graph): Sum | null => {
  const sum = graph.made(v, 'portolan.Sum');
  const weighed = sum && operands(sum.inputs[0] as Value, 'Mul', graph);
  const rho = single(sum?.inputs[1], graph);
  const coefficients = weighed && numbersOf(graph.constant(weighed[1]));
  if (!sum || !coefficients || rho === null || stringOf(sum, 'base', 'last') !== 'last') return null;
  const [terms] = weighed;
  const gather = graph.made(terms, 'Gather');
  const matrix = gather && intOf(gather, 'axis', 0) === 1 ? (gather.inputs[0] as Value) : terms;
  const kernel = kernelOf(matrix, graph);
  if (kernel) {
    const at = gather ? graph.constant(gather.inputs[1]) : undefined;
    const vectors = gather
      ? at && Array.from(at.data as ArrayLike<number | bigint>, Number)
      : coefficients.map((_, i) => i);
    const count = kernel.fields[0]?.length ?? 0;
    const fits = vectors?.length === coefficients.length && vectors.every((i) => i >= 0 && i < count);
    return vectors && fits ? { ...kernel, matrix, vectors, coefficients, rho } : null;
  }
  const columns = gather ? null : columnsOf(terms, graph);
  return columns?.length === coefficients.length
    ? { columns, kernel: linear, fields: null, matrix: null, vectors: null, coefficients, rho }
    : null;
};

/** Columns `[N, 1]` beside each other. */
const columnsOf = (v: Value, graph: Graph): readonly Value[] | null => {
  const concat = graph.made(v, 'Concat');
  const columns = concat ? (concat.inputs as readonly Value[]) : [v];
  return columns.every((c) => c.type.kind === 'tensor' && c.type.dims?.[1] === 1) ? columns : null;
};

const linear: KernelType = { kind: 'linear', gamma: 1, coef0: 1, degree: 1 };

type Matrix = Pick<Sum, 'columns' | 'kernel'> & { readonly fields: readonly (readonly number[])[] };

const kernelOf = (v: Value, graph: Graph): Matrix | null => {
  const exp = graph.made(v, 'Exp')?.inputs[0];
  if (exp) {
    const scaled = operands(exp, 'Mul', graph);
    const gamma = single(scaled?.[0], graph);
    const of = scaled && overFields(scaled[1], graph, true);
    return of && gamma !== null ? { ...of, kernel: { ...linear, kind: 'radialBasis', gamma: -gamma } } : null;
  }
  const tanh = graph.made(v, 'Tanh')?.inputs[0];
  if (tanh) {
    const of = affine(tanh, graph);
    return of && { ...of, kernel: { ...of.kernel, kind: 'sigmoid' } };
  }
  return polynomial(v, graph) ?? overFields(v, graph, false);
};

/** gamma · product + coef0. */
const affine = (v: Value, graph: Graph): Matrix | null => {
  const shifted = operands(v, 'Add', graph);
  const coef0 = single(shifted?.[1], graph);
  const scaled = shifted && operands(shifted[0], 'Mul', graph);
  const gamma = single(scaled?.[0], graph);
  const of = scaled && gamma !== null && coef0 !== null ? overFields(scaled[1], graph, false) : null;
  return (
    of && { ...of, kernel: { kind: 'polynomial', gamma: gamma as number, coef0: coef0 as number, degree: 1 } }
  );
};

/** The power of an affine product: multiplied out, or Pow. */
const polynomial = (v: Value, graph: Graph): Matrix | null => {
  const raised = operands(v, 'Pow', graph);
  const [base, exponent] = raised ? [raised[0], single(raised[1], graph)] : multiplied(v, graph);
  const of = affine(base, graph);
  return of && exponent !== null ? { ...of, kernel: { ...of.kernel, degree: exponent } } : null;
};

const multiplied = (v: Value, graph: Graph): readonly [Value, number] => {
  const base = operands(v, 'Mul', graph)?.[1];
  if (!base) return [v, 1];
  let degree = 1;
  for (let at = v; at !== base; degree++) {
    const factors = operands(at, 'Mul', graph);
    if (factors?.[1] !== base) return [v, 1];
    at = factors[0];
  }
  return [base, degree];
};

/** A product with all vectors, or the squared distance to them: term by term, a field each. */
const overFields = (v: Value, graph: Graph, far: boolean): Matrix | null => {
  const terms: Value[] = [];
  let at = v;
  for (let add = operands(at, 'Add', graph); add; add = operands(at, 'Add', graph)) {
    terms.unshift(add[1]);
    at = add[0];
  }
  terms.unshift(at);
  const columns: Value[] = [];
  const fields: (readonly number[])[] = [];
  for (const term of terms) {
    const factors = operands(term, 'Mul', graph);
    if (far && factors?.[0] !== factors?.[1]) return null;
    const pair = far ? factors && operands(factors[0], 'Sub', graph) : factors;
    const values = pair && numbersOf(graph.constant(pair[1]));
    if (!values || graph.constant(pair[0]) || values.length !== (fields[0]?.length ?? values.length))
      return null;
    columns.push(pair[0]);
    fields.push(values);
  }
  return { columns, fields, kernel: linear };
};

// What the sums decide

/** A machine between two classes, or of one. */
export interface Decided {
  readonly sum: Sum;
  /** Numbers of the classes: where the value is beyond the threshold, and where it is not. */
  readonly target: number;
  readonly other: number | null;
  readonly threshold: number;
}

export interface Decision {
  readonly labels: readonly (string | number)[];
  readonly machines: readonly Decided[];
  readonly method: 'OneAgainstOne' | 'OneAgainstAll';
  readonly maxWins: boolean;
}

/** How a label follows from machines. */
export const decisionOf = (v: Value, graph: Graph): Decision | null => {
  const labels = picked(core(v, graph), graph);
  const names = labels && graph.constant(labels.table);
  if (!labels || !names || (names.dtype !== 'string' && names.dtype !== 'float64')) return null;
  const found = decided(core(labels.at, graph), graph);
  const all = Array.from(names.data as ArrayLike<string | number>);
  return found?.machines.every((m) => m.target in all && (m.other === null || m.other in all))
    ? { labels: all, ...found }
    : null;
};

const picked = (v: Value, graph: Graph): { readonly table: Value; readonly at: Value } | null => {
  const node = graph.made(v, 'Gather');
  return node && intOf(node, 'axis', 0) === 0
    ? { table: node.inputs[0] as Value, at: node.inputs[1] as Value }
    : null;
};

const integers = (v: Value, graph: Graph): readonly number[] | null => {
  const t = graph.constant(v);
  return t?.dtype === 'int32' ? Array.from(t.data as Int32Array) : null;
};

const decided = (index: Value, graph: Graph): Omit<Decision, 'labels'> | null => {
  const alone = choice(index, graph);
  if (alone) return { machines: [alone.machine], method: 'OneAgainstOne', maxWins: alone.maxWins };
  const among = picked(index, graph);
  const order = among && integers(among.table, graph);
  const best = among && graph.maker(among.at);
  if (!order || !best || !['ArgMax', 'ArgMin'].includes(best.op.name) || !alongRow(best)) return null;
  const tally = graph.made(best.inputs[0], 'portolan.Tally');
  if (tally) return best.op.name === 'ArgMax' ? votes(tally, order, graph) : null;
  const values = columnsOf(best.inputs[0] as Value, graph)?.map((v) => sumOf(core(v, graph), graph));
  if (values?.length !== order.length) return null;
  const machines = values.flatMap((sum, i): Decided[] =>
    sum ? [{ sum, target: order[i] as number, other: null, threshold: 0 }] : [],
  );
  return machines.length === order.length && machines.length > 1
    ? { machines, method: 'OneAgainstAll', maxWins: best.op.name === 'ArgMax' }
    : null;
};

const alongRow = (node: Node): boolean =>
  intOf(node, 'axis', 0) === 1 && intOf(node, 'select_last_index', 0) === 0;

/** Where a value is beyond its threshold the one class, else the other. */
const choice = (v: Value, graph: Graph): { readonly machine: Decided; readonly maxWins: boolean } | null => {
  const where = graph.made(v, 'Where');
  const [is, then, otherwise] = (where?.inputs ?? []) as readonly Value[];
  if (!is || !then || !otherwise) return null;
  const [target, more] = integers(then, graph) ?? [];
  const [other, others] = integers(otherwise, graph) ?? [];
  const at = core(is, graph);
  const compared = operands(at, 'Less', graph) ?? operands(at, 'Greater', graph);
  const sum = compared && sumOf(core(compared[0], graph), graph);
  const threshold = single(compared?.[1], graph);
  if (!sum || threshold === null || target === undefined || other === undefined) return null;
  if (more !== undefined || others !== undefined) return null;
  return { machine: { sum, target, other, threshold }, maxWins: graph.made(at, 'Greater') !== undefined };
};

/** One against one: the class with the most votes, of equal ones that which is named first. */
const votes = (tally: Node, order: readonly number[], graph: Graph): Omit<Decision, 'labels'> | null => {
  const weights = numbersOf(graph.constant(tally.inputs[1]));
  const ballots = columnsOf(core(tally.inputs[0] as Value, graph), graph);
  const all = ballots?.map((b) => choice(core(b, graph), graph)) ?? [];
  const machines = all.flatMap((c): Decided[] => {
    const [target, other] = [order[c?.machine.target ?? -1], order[c?.machine.other ?? -1]];
    return c && target !== undefined && other !== undefined ? [{ ...c.machine, target, other }] : [];
  });
  const maxWins = all[0]?.maxWins ?? false;
  const named = [...new Set(machines.flatMap((m) => [m.target, m.other as number]))];
  const sound =
    machines.length > 1 &&
    machines.length === all.length &&
    weights?.length === all.length &&
    weights.every((w) => w === 1) &&
    all.every((c) => c?.maxWins === maxWins) &&
    named.join() === order.join() &&
    intOf(tally, 'classes') === order.length;
  return sound ? { machines, method: 'OneAgainstOne', maxWins } : null;
};
