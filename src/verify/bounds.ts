/**
 * How far two honest runtimes may be apart: a running error analysis over the graph, row by row. Comparisons, selections
 * and IEEE arithmetic are exact by themselves; an elementary function is allowed 4 ULP (V8 and onnxruntime differ by up to
 * 2), a sum whose order is free and a dot product n·u times the sum of the magnitudes; what an error becomes further on is
 * found by moving the operands of every operator to the ends of their errors.
 */

import { intOf, predicatesOf } from '../ir/attributes.ts';
import type { Node, Region, Value } from '../ir/model.ts';
import { OWN } from '../ir/model.ts';
import { KIND, type Predicates } from '../ir/predicates.ts';
import { find } from '../ops/registry.ts';
import { type DType, isFloat } from '../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { distanceError, isDistance, machineError } from './kernels.ts';

const elementary = new Set(
  `Exp Log Sigmoid Tanh Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Erf Pow Softplus Gelu Mish Selu Elu
  Softsign Log1p Expm1 NormalCdf`.split(/\s+/),
);
const normalised = new Set(['Softmax', 'LogSoftmax']);
const products = new Set(['MatMul', 'Gemm', 'Conv', 'ConvTranspose', 'Einsum', 'SVMRegressor']);
const freeSums = new Set([
  'ReduceSum',
  'ReduceMean',
  'ReduceSumSquare',
  'ReduceL1',
  'ReduceL2',
  'AveragePool',
  'GlobalAveragePool',
]);
const moving = new Set(
  `Gather Concat Reshape Slice Transpose Split Squeeze Unsqueeze Expand Tile Flatten Identity Where Fill Mask Choose Pad
  Segment`.split(/\s+/),
);
const moved = new Set(
  `Add Sub Mul Div Neg Abs Max Min ReduceMax ReduceMin Clip Cast Relu Reciprocal Sqrt Sum Interpolate
  LeakyRelu`.split(/\s+/),
);

const ulpOf = (x: number, dtype: DType): number => {
  const a = Math.abs(x);
  if (!Number.isFinite(a)) return 0;
  const [digits, least] = dtype === 'float64' ? [52, -1074] : dtype === 'float32' ? [23, -149] : [10, -24];
  return Math.max(2 ** (Math.floor(Math.log2(a || 1e-320)) - digits), 2 ** least);
};

const unit = (dtype: DType): number =>
  dtype === 'float64' ? 2 ** -53 : dtype === 'float32' ? 2 ** -24 : 2 ** -11;

/** What the graph does on the way to a value that is not exact everywhere. */
export interface Inexact {
  /** Elementary functions by name, and how often on the longest way. */
  readonly functions: ReadonlyMap<string, number>;
  readonly products: ReadonlySet<string>;
  readonly sums: ReadonlySet<string>;
  /** Operators that choose among inexact values. */
  readonly choices: ReadonlySet<string>;
}

const isInexact = (n: Node): boolean =>
  elementary.has(n.op.name) ||
  normalised.has(n.op.name) ||
  products.has(n.op.name) ||
  isDistance(n) ||
  (freeSums.has(n.op.name) && n.op.domain !== OWN);

/** By value: what is inexact on the way to it; nothing for exact ones. */
export const inexactWays = ({ nodes }: Region): Map<Value, Inexact> => {
  const found = new Map<Value, Inexact>();
  for (const n of nodes) {
    const behind = n.inputs.flatMap((v) => (v && found.get(v)) ?? []);
    if (behind.length === 0 && !isInexact(n)) continue;
    const functions = new Map<string, number>();
    for (const b of behind)
      for (const [f, k] of b.functions) functions.set(f, Math.max(functions.get(f) ?? 0, k));
    const { name } = n.op;
    if (elementary.has(name) || normalised.has(name)) functions.set(name, (functions.get(name) ?? 0) + 1);
    const own = {
      functions,
      products: new Set([...behind.flatMap((b) => [...b.products]), ...(products.has(name) ? [name] : [])]),
      sums: new Set([...behind.flatMap((b) => [...b.sums]), ...(freeSums.has(name) ? [name] : [])]),
      choices: new Set([...behind.flatMap((b) => [...b.choices]), ...(name === 'TopK' ? [name] : [])]),
    };
    for (const o of n.outputs) if (o) found.set(o, own);
  }
  return found;
};

/** In words, for the report. `narrowed`: the other side computes in float32 what the model computes in float64. */
export const allowanceInWords = (way: Inexact | undefined, narrowed = false): string => {
  const parts: string[] = [];
  if (narrowed)
    parts.push('half a ULP of float32 for each operation and constant that the artifact rounds to float32');
  if (way && way.functions.size > 0) {
    const list = [...way.functions].map(([f, k]) => (k === 1 ? f : `${k} × ${f}`)).join(', ');
    parts.push(`4 ULP for each elementary function on the way (${list})`);
  }
  if (way && way.products.size > 0) {
    parts.push(`n·u·Σ|a·b| for dot products of n terms (${[...way.products].join(', ')})`);
  }
  if (way && way.sums.size > 0) {
    parts.push(`n·u·Σ|x| for sums whose order is free (${[...way.sums].join(', ')})`);
  }
  return parts.length > 0
    ? `${parts.join('; ')}; carried through the operators that follow, row by row`
    : 'exactly equal: only comparisons, selections and sums in a fixed order lead to it';
};

/**
 * Absolute bounds by value, element by element, for the rows that `values` holds. Values without an entry are exact.
 * `narrowed`: the other side rounds constants and every result to float32. Only the top-level graph is looked at; a
 * body counts as its operator.
 */
export const errorBounds = (
  { nodes, parameters }: Region,
  values: ReadonlyMap<Value, Tensor>,
  narrowed = false,
): Map<Value, Float64Array> => {
  const bounds = new Map<Value, Float64Array>();
  if (narrowed) {
    for (const p of parameters) {
      const t = values.get(p.value);
      if (t?.dtype !== 'float64') continue;
      bounds.set(
        p.value,
        Float64Array.from(t.data as Float64Array, (x) => ulpOf(x, 'float32') / 2),
      );
    }
  }
  for (const n of nodes) {
    const inputs = n.inputs.map((v) => (v ? (values.get(v) ?? null) : null));
    const errors = n.inputs.map((v) => (v ? bounds.get(v) : undefined));
    const carries = errors.some((e) => e !== undefined);
    if (!carries && !isInexact(n) && !(narrowed && moved.has(n.op.name))) continue;
    n.outputs.forEach((o, slot) => {
      const y = o && values.get(o);
      if (!o || !y || !isFloat(y.dtype)) return;
      const dtype = narrowed ? 'float32' : y.dtype;
      bounds.set(o, boundOf(n, slot, inputs, errors, y, dtype));
    });
  }
  return bounds;
};

type Errors = readonly (Float64Array | undefined)[];

const evaluate = (n: Node, inputs: readonly (Tensor | null)[], slot: number): Float64Array | undefined => {
  const out = find(n.op)?.evaluate?.(inputs, n)[slot];
  return out && isFloat(out.dtype) ? Float64Array.from(out.data as Float64Array) : undefined;
};

const boundOf = (
  n: Node,
  slot: number,
  inputs: readonly (Tensor | null)[],
  errors: Errors,
  y: Tensor,
  dtype: DType,
): Float64Array => {
  const { name } = n.op;
  const out = Float64Array.from(y.data as Float64Array);
  const rows = Math.max(1, y.dims[0] ?? 1);
  const rounding = out.map((x) => ulpOf(x, dtype));
  const plus = (a: Float64Array, k: number) => a.map((x, i) => x + k * (rounding[i] as number));
  if (inputs.some((t, i) => n.inputs[i] && !t)) return proportional(inputs, errors, out, rounding, rows);
  if (normalised.has(name)) {
    const most = Math.max(0, ...(errors[0] ?? []));
    const terms = countOf(y.dims.slice(1));
    return out.map(
      (p, i) =>
        (name === 'Softmax' ? p * Math.expm1(2 * most) : 2 * most) + (8 + terms) * (rounding[i] as number),
    );
  }
  if (isDistance(n) && !errors[0]) return distanceError(inputs[0] as Tensor, out, unit(dtype));
  if (name === 'SVMRegressor') return machineError(n, inputs[0] as Tensor, errors[0]);
  if (products.has(name)) {
    const spread = (k: number) =>
      inputs.map((t, i) => t && withData(t, (x, j) => Math.abs(x) + k * (errors[i]?.[j] ?? 0)));
    const high = evaluate(n, spread(1), slot);
    const low = evaluate(n, spread(0), slot);
    if (!high || !low) return proportional(inputs, errors, out, rounding, rows);
    const terms = Math.max(...inputs.map((t) => (t ? countOf(t.dims.slice(-2)) : 1)));
    return high.map((h, i) => h - (low[i] as number) + 2 * terms * unit(dtype) * h);
  }
  if ((freeSums.has(name) && n.op.domain !== OWN) || (name === 'Sum' && dtype !== y.dtype)) {
    const spread = (k: number) =>
      inputs.map((t, i) =>
        t && isFloat(t.dtype) ? withData(t, (x, j) => Math.abs(x) + k * (errors[i]?.[j] ?? 0)) : t,
      );
    const high = evaluate(n, spread(1), slot);
    const low = evaluate(n, spread(0), slot);
    if (!high || !low) return proportional(inputs, errors, out, rounding, rows);
    const terms = (inputs[0]?.data.length ?? 1) / Math.max(1, out.length);
    return high.map((h, i) => h - (low[i] as number) + 2 * terms * unit(dtype) * h);
  }
  if (moving.has(name)) {
    const carried = inputs.map((t, i) =>
      t && isFloat(t.dtype) ? withData(t, (_, j) => errors[i]?.[j] ?? 0) : t,
    );
    return evaluate(n, carried, slot) ?? proportional(inputs, errors, out, rounding, rows);
  }
  if (elementary.has(name) || moved.has(name)) {
    const ends = corners(n, slot, inputs, errors, out);
    if (ends) return plus(ends, elementary.has(name) ? 4 : 1);
  }
  return proportional(inputs, errors, out, rounding, rows);
};

const withData = (t: Tensor, f: (x: number, i: number) => number): Tensor => {
  const data = Float64Array.from(t.data as Float64Array, f);
  return tensor(t.dtype, t.dims, t.dtype === 'float64' ? data : Float32Array.from(data), t.missing);
};

/** The most that the result moves while the operands with errors move to either end. */
const corners = (
  n: Node,
  slot: number,
  inputs: readonly (Tensor | null)[],
  errors: Errors,
  y: Float64Array,
): Float64Array | undefined => {
  const loose = errors.flatMap((e, i) => (e ? [i] : []));
  if (loose.length > 3) return undefined;
  const most = new Float64Array(y.length);
  for (let mask = 0; mask < 2 ** loose.length; mask++) {
    const ends = inputs.map((t, i) => {
      const at = loose.indexOf(i);
      const e = errors[i];
      if (!t || at < 0 || !e) return t;
      const sign = (mask >> at) & 1 ? 1 : -1;
      return withData(t, (x, j) => x + sign * (e[j] as number));
    });
    const moved = evaluate(n, ends, slot);
    if (!moved) return undefined;
    moved.forEach((m, i) => {
      const d = m === y[i] ? 0 : Math.abs(m - (y[i] as number));
      // Where an end is no number any more, nothing is known.
      if (!(d <= (most[i] as number))) most[i] = Number.isNaN(d) ? Infinity : d;
    });
  }
  return most;
};

/** An operator without a rule of its own: of each row, the largest relative error that goes in comes out, and 4 ULP. */
const proportional = (
  inputs: readonly (Tensor | null)[],
  errors: Errors,
  y: Float64Array,
  rounding: Float64Array,
  rows: number,
): Float64Array => {
  const relative = new Float64Array(rows);
  errors.forEach((e, i) => {
    const t = inputs[i];
    const width = t && t.dims[0] === rows ? t.data.length / rows : 0;
    e?.forEach((x, j) => {
      const v = Math.abs(Number(t?.data[j] ?? 0));
      if (v === 0 || !Number.isFinite(v)) return;
      // What has no rows of its own touches them all.
      const [from, to] = width > 0 ? [Math.floor(j / width), Math.floor(j / width) + 1] : [0, rows];
      for (let r = from; r < to; r++) if (x / v > (relative[r] as number)) relative[r] = x / v;
    });
  });
  const width = Math.max(1, y.length / rows);
  return y.map((v, i) => {
    const share = relative[Math.floor(i / width)] ?? 0;
    return (share === 0 || v === 0 ? 0 : Math.abs(v) * share) + 4 * (rounding[i] as number);
  });
};

const comparisons = new Set(['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal']);

/**
 * Rows on which some decision (a comparison of two numbers, the largest of several) falls within the errors of what it
 * compares: there two honest runtimes may decide differently. `rows`: how many `values` holds.
 */
export const tiedRows = (
  { nodes }: Region,
  values: ReadonlyMap<Value, Tensor>,
  bounds: ReadonlyMap<Value, Float64Array>,
  rows: number,
  only?: string,
): Set<number> => {
  const tied = new Set<number>();
  for (const n of nodes) {
    if (only !== undefined && n.op.name !== only) continue;
    const [a, b] = n.inputs;
    const x = a && values.get(a);
    const ex = a && bounds.get(a);
    if (n.op.domain === OWN && n.attributes.has('predicates')) {
      n.inputs.forEach((v, column) => {
        const t = v && values.get(v);
        const e = v && bounds.get(v);
        if (!t || !e || t.data.length !== rows) return;
        const literals = literalsOf(predicatesOf(n), column);
        for (let r = 0; r < rows; r++) {
          const at = Number(t.data[r]);
          const most = e[r] as number;
          if (!t.missing?.[r] && literals.some((l) => Math.abs(at - l) <= most)) tied.add(r);
        }
      });
    } else if (comparisons.has(n.op.name)) {
      const y = b && values.get(b);
      const ey = b && bounds.get(b);
      if (!x || !y || (!ex && !ey)) continue;
      const count = Math.max(x.data.length, y.data.length);
      const at = (t: Tensor, i: number) => (t.data.length === count ? i : i % t.data.length);
      for (let i = 0; i < count; i++) {
        const [p, q] = [at(x, i), at(y, i)];
        if (Math.abs(Number(x.data[p]) - Number(y.data[q])) <= (ex?.[p] ?? 0) + (ey?.[q] ?? 0)) {
          tied.add(Math.floor((i * rows) / count));
        }
      }
    } else if (n.op.name === 'TopK') {
      const chosen = n.outputs[1] && values.get(n.outputs[1]);
      if (!x || !ex || !chosen || chosen.dims.length !== 2) continue;
      const [width, k] = [x.data.length / rows, chosen.data.length / rows];
      const sign = intOf(n, 'largest', 1) === 0 ? 1 : -1;
      for (let r = 0; r < rows; r++) {
        const inside = new Set(Array.from({ length: k }, (_, i) => Number(chosen.data[r * k + i])));
        let [last, next] = [-Infinity, Infinity];
        for (let j = 0; j < width; j++) {
          const [v, e] = [sign * Number(x.data[r * width + j]), ex[r * width + j] ?? 0];
          if (inside.has(j)) last = Math.max(last, v + e);
          else next = Math.min(next, v - e);
        }
        if (!(last < next)) tied.add(r);
      }
    } else if (n.op.name === 'ArgMax' || n.op.name === 'ArgMin') {
      if (!x || !ex) continue;
      const width = x.data.length / rows;
      const sign = n.op.name === 'ArgMin' ? -1 : 1;
      for (let r = 0; r < rows; r++) {
        const order = Array.from({ length: width }, (_, j) => r * width + j).sort(
          (p, q) => sign * (Number(x.data[q]) - Number(x.data[p])),
        );
        const [p, q] = order as [number, number | undefined];
        if (q === undefined) continue;
        if (Math.abs(Number(x.data[p]) - Number(x.data[q])) <= (ex[p] ?? 0) + (ex[q] ?? 0)) tied.add(r);
      }
    }
  }
  return tied;
};

/** Numbers that a column of a predicate table is compared with. */
const literalsOf = (p: Predicates, column: number): number[] => {
  const numbers = p.numbers.read(0, p.numbers.count);
  const out: number[] = [];
  for (let row = 0; row < p.kind.length; row++) {
    const kind = p.kind[row] as number;
    if (p.column[row] === column && kind >= KIND.lt && kind <= KIND.ne)
      out.push(Number(numbers[p.literal[row] as number]));
  }
  return out;
};
