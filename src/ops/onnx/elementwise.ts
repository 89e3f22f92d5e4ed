/** The shape shared by the element-by-element operators: each file says only what happens to one element. */
import type { Dim, Node, TensorType, Type } from '../../ir/model.ts';
import { tensorType } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import type { Fn, Lowered, Row } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import { type Column, column, type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { broadcast, broadcastIndex, countOf, strides, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { loops, places } from './arithmetic.ts';

/** Broadcast of all inputs, in the dtype of the first (or `result`). */
export const inferElementwise =
  (dtypes?: readonly DType[], result?: DType) =>
  (node: Node): readonly Type[] => {
    const types = node.inputs.map((_, i) => tensorInput(node, i, dtypes));
    const first = types[0] as TensorType;
    const other = types.find((t) => t.dtype !== first.dtype);
    if (other) refused(node, `the inputs are ${first.dtype} and ${other.dtype}; they must be one type`);
    return [tensorType(result ?? first.dtype, broadcastTypes(node, types))];
  };

/** The shape that the types broadcast to, or a located refusal. */
export const broadcastTypes = (node: Node, types: readonly TensorType[]): readonly Dim[] | null => {
  const dims = broadcastDims(...types.map((t) => t.dims));
  return dims === undefined ? refused(node, 'the shapes do not broadcast') : dims;
};

type Scalar = number | string;
/** What a function of elements returns; a boolean is stored as 0 or 1. */
type Result = Scalar | boolean | bigint;

/**
 * The elements of a result of shape `out` as runs: along a run every operand either advances by one element or
 * stands still. `visit` gets where the run begins in the result, its length, and where it begins in each operand.
 * Returns nothing; `steps[k]` of operand k is 0 or 1 and the same for all runs.
 */
export const runs = (
  shapes: readonly (readonly number[])[],
  out: readonly number[],
  visit: (at: number, length: number, from: Int32Array, steps: Int32Array) => void,
): void => {
  // Axes of extent 1 vanish, and neighbours along which every operand moves evenly become one.
  const extents: number[] = [];
  const moves: number[][] = shapes.map(() => []);
  const own = shapes.map((dims) => strides(dims));
  for (let axis = 0; axis < out.length; axis++) {
    const extent = out[axis] as number;
    if (extent === 1) continue;
    const step = shapes.map((dims, k) => {
      const d = axis - (out.length - dims.length);
      return d < 0 || dims[d] === 1 ? 0 : ((own[k] as number[])[d] as number);
    });
    const last = extents.length - 1;
    if (last >= 0 && step.every((s, k) => (moves[k] as number[])[last] === s * extent)) {
      extents[last] = (extents[last] as number) * extent;
      step.forEach((s, k) => {
        (moves[k] as number[])[last] = s;
      });
    } else {
      extents.push(extent);
      step.forEach((s, k) => {
        (moves[k] as number[]).push(s);
      });
    }
  }
  const count = countOf(out);
  if (count === 0) return;
  const rank = extents.length;
  const length = rank === 0 ? 1 : (extents[rank - 1] as number);
  const steps = Int32Array.from(moves, (m) => m[rank - 1] ?? 0);
  const from = new Int32Array(shapes.length);
  const at = new Int32Array(rank);
  for (let i = 0; i < count; i += length) {
    visit(i, length, from, steps);
    for (let d = rank - 2; d >= 0; d--) {
      const extent = extents[d] as number;
      const again = ++(at[d] as number) === extent;
      for (let k = 0; k < from.length; k++) {
        const m = (moves[k] as number[])[d] as number;
        from[k] = (from[k] as number) + m - (again ? m * extent : 0);
      }
      if (!again) break;
      at[d] = 0;
    }
  }
};

/** The shape of operands together at run time, or a located refusal. */
export const broadcastAll = (node: Node, given: readonly Tensor[]): number[] =>
  broadcast(...given.map((t) => t.dims)) ??
  refused(node, `shapes ${given.map((t) => `[${t.dims}]`).join(' and ')} do not broadcast`);

/** Float formats narrower than single precision: they are computed in doubles and rounded once, when stored. */
const isSmallFloat = (dtype: DType): boolean => isFloat(dtype) && dtype !== 'float64' && dtype !== 'float32';

/** An array to compute into. Storing in it rounds, or wraps, as the dtype wants; small floats need `settle`. */
const workspace = (dtype: DType, count: number): Column =>
  isSmallFloat(dtype) ? new Float64Array(count) : column(dtype, count);

const settle = (dtype: DType, dims: readonly number[], computed: Column): Tensor =>
  tensor(
    dtype,
    dims,
    isSmallFloat(dtype) ? Float32Array.from(computed as Float64Array, rounder(dtype)) : computed,
  );

type Pairwise = (
  f: (x: never, y: never) => Result,
  x: ArrayLike<never>,
  y: ArrayLike<never>,
  out: Result[],
  at: number,
  length: number,
  from: Int32Array,
  steps: Int32Array,
) => void;

/**
 * One run of a binary operator. The same loop three times, on purpose: the engine compiles a loop for the kinds of
 * arrays it has met, and one loop for all of them is five times slower (measured with Node 20).
 */
const pairs: Readonly<Record<'doubles' | 'singles' | 'others', Pairwise>> = {
  doubles: (f, x, y, out, at, length, from, steps) => {
    const [i, j, di, dj] = places(from, steps);
    for (let n = 0; n < length; n++) out[at + n] = f(x[i + n * di] as never, y[j + n * dj] as never);
  },
  singles: (f, x, y, out, at, length, from, steps) => {
    const [i, j, di, dj] = places(from, steps);
    for (let n = 0; n < length; n++) out[at + n] = f(x[i + n * di] as never, y[j + n * dj] as never);
  },
  others: (f, x, y, out, at, length, from, steps) => {
    const [i, j, di, dj] = places(from, steps);
    for (let n = 0; n < length; n++) out[at + n] = f(x[i + n * di] as never, y[j + n * dj] as never);
  },
};

/** The loops of a function that has its own. */
const directly = (f: unknown, kind: keyof typeof pairs): Pairwise | undefined =>
  kind === 'others' ? undefined : (loops.get(f)?.[kind] as Pairwise | undefined);

/** The kind of loop for an array. */
const kindOf = (data: Column): 'doubles' | 'singles' | 'others' =>
  data instanceof Float64Array ? 'doubles' : data instanceof Float32Array ? 'singles' : 'others';

/** Applies `f` to every pair after broadcasting; rounds to the result's dtype. */
export const binary = (
  a: Tensor,
  b: Tensor,
  node: Node,
  f: (x: never, y: never) => Result,
  result: DType = a.dtype,
): Tensor => {
  const dims = broadcastAll(node, [a, b]);
  const out = workspace(result, countOf(dims)) as Result[];
  const x = a.data as unknown as ArrayLike<never>;
  const y = b.data as unknown as ArrayLike<never>;
  const kind = kindOf(a.data);
  const alike = kind === kindOf(b.data);
  // Small floats are computed in another kind of array than they are held in.
  const direct = alike && kind === kindOf(out as unknown as Column) ? directly(f, kind) : undefined;
  const loop = direct ?? pairs[alike ? kind : 'others'];
  runs([a.dims, b.dims], dims, (at, length, from, steps) => loop(f, x, y, out, at, length, from, steps));
  return settle(result, dims, out as unknown as Column);
};

type Each = (f: (x: never) => Result, x: ArrayLike<never>, out: Result[], count: number) => void;

/** All elements of a unary operator, as `pairs` has it. */
const each: Readonly<Record<'doubles' | 'singles' | 'others', Each>> = {
  doubles: (f, x, out, count) => {
    for (let i = 0; i < count; i++) out[i] = f(x[i] as never);
  },
  singles: (f, x, out, count) => {
    for (let i = 0; i < count; i++) out[i] = f(x[i] as never);
  },
  others: (f, x, out, count) => {
    for (let i = 0; i < count; i++) out[i] = f(x[i] as never);
  },
};

/** Applies `f` to every element; rounds to the result's dtype. */
export const unary = (a: Tensor, f: (x: never) => Result, result: DType = a.dtype): Tensor => {
  const count = countOf(a.dims);
  const out = workspace(result, count) as Result[];
  each[kindOf(a.data)](f, a.data as unknown as ArrayLike<never>, out, count);
  return settle(result, a.dims, out as unknown as Column);
};

/** `evaluate` of an operator with two operands: `f` on what is held as numbers, `big` on 64-bit integers. */
export const evaluateBinary =
  (
    f: (x: number, y: number) => number | boolean,
    big?: (x: bigint, y: bigint) => bigint | boolean,
    result?: DType,
  ): NonNullable<Operator['evaluate']> =>
  (inputs, node) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    return [binary(a, b, node, big && isBig(a.dtype) ? big : f, result ?? a.dtype)];
  };

/** `evaluate` of an operator with one operand; without `big` it takes no 64-bit integers. */
export const evaluateUnary =
  (
    f: (x: number) => number | boolean,
    big?: (x: bigint) => bigint | boolean,
    result?: DType,
  ): NonNullable<Operator['evaluate']> =>
  (inputs) => {
    const [a] = inputs as readonly [Tensor];
    return [unary(a, big && isBig(a.dtype) ? big : f, result ?? a.dtype)];
  };

/** Lowers to one function of the row language, broadcasting within the row. */
export const lowerTo =
  (fn: Fn, result?: DType): NonNullable<Operator['lower']> =>
  (node, inputs) => {
    const given = inputs as readonly Lowered[];
    const dims = broadcastRows(node, given);
    const dtype = result ?? (given[0] as Lowered).dtype;
    return [
      {
        dtype,
        dims,
        element: (index) => ({
          k: 'apply',
          fn,
          dtype,
          args: given.map((x) => x.element(reindex(x.dims, dims, index))),
        }),
      },
    ];
  };

/** Lowers to one function of two arguments, applied from the left: `f(f(a, b), c)`. */
export const lowerFromLeft =
  (fn: Fn): NonNullable<Operator['lower']> =>
  (node, inputs) => {
    const given = inputs as readonly Lowered[];
    const dims = broadcastRows(node, given);
    const { dtype } = given[0] as Lowered;
    return [
      {
        dtype,
        dims,
        element: (index) =>
          given
            .map((x) => x.element(reindex(x.dims, dims, index)))
            .reduce((left, right) => ({ k: 'apply', fn, dtype, args: [left, right] })),
      },
    ];
  };

/** The shape of one row of the result. Constants keep their leading 1 where the others have lost their row axis. */
export const broadcastRows = (node: Node, given: readonly Lowered[]): readonly number[] => {
  const shapes = given.map(({ dims }) => dims.slice(dims.findIndex((d) => d !== 1) >>> 0));
  const dims = broadcast(...shapes) ?? refused(node, 'the shapes do not broadcast');
  const type = node.outputs[0]?.type;
  const rank = type?.kind === 'tensor' && type.dims !== null ? type.dims.length - 1 : dims.length;
  return [...new Array<number>(Math.max(rank - dims.length, 0)).fill(1), ...dims];
};

/** Row index into an operand of shape `dims` from the index into the broadcast result. */
export const reindex = (dims: readonly number[], out: readonly number[], index: Row): Row => {
  if (countOf(dims) === 1) return { k: 'const', dtype: 'int32', value: 0 };
  // Further leading extents are 1: they are the row axis of a constant.
  const map = broadcastIndex(dims.slice(Math.max(dims.length - out.length, 0)), out);
  return map === null ? index : { k: 'at', table: constant('int32', map), key: index };
};

/**
 * Rows stay rows in an element-by-element operator when every operand has them on axis 0 of the result, or stands
 * still along it.
 */
export const rowsEach = (node: Node): 'each' | 'all' => {
  const out = node.outputs.find((v) => v !== null)?.type;
  if (out?.kind !== 'tensor' || out.dims === null) return 'all';
  const { dims } = out;
  const aligned = node.inputs.every((v) => {
    if (v === null) return true;
    if (v.type.kind !== 'tensor' || v.type.dims === null) return false;
    const [first] = v.type.dims;
    return v.type.dims.length === dims.length
      ? first === 1 || first === dims[0]
      : v.type.dims.length < dims.length && typeof first !== 'string';
  });
  return aligned ? 'each' : 'all';
};
