/** Products of 8-bit integers with zero points, as the integer and the QLinear operators share them. */
import type { Node } from '../../ir/model.ts';
import { column, type DType, isFloat } from '../../tensor/dtype.ts';
import { broadcastIndex, countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';
import { cast } from './conversion.ts';
import { highest, lowest } from './limits.ts';
import { roundEven } from './rounding.ts';

/** What integer products take. */
export const bytes: readonly DType[] = ['int8', 'uint8'];

/**
 * Elements without their zero point, in doubles, where sums of such products are exact. `zero` is one for all, or has a
 * shape that stretches to `shape`, that of `t`.
 */
export const centred = (
  node: Node,
  t: Tensor,
  zero: Tensor | null | undefined,
  shape: readonly number[] = zero?.dims ?? [],
): Tensor => {
  const data = Float64Array.from(t.data as Int8Array);
  if (zero) {
    const index = spread(node, shape, t.dims);
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) - (zero.data[index(i)] as number);
  }
  return tensor('float64', t.dims, data);
};

/** Which element of something of shape `dims`, one for all or stretched, belongs to element i of shape `out`. */
export const spread = (
  node: Node,
  dims: readonly number[],
  out: readonly number[],
): ((i: number) => number) => {
  if (countOf(dims) === 1) return () => 0;
  const fits =
    dims.length <= out.length && dims.every((d, i) => d === 1 || d === out[i + out.length - dims.length]);
  if (!fits) refused(node, `scales or zero points of [${dims}] do not fit [${out}]`);
  const index = broadcastIndex(dims, out);
  return index ? (i) => index[i] as number : (i) => i;
};

/** A vector stands for the axis `axis` of a tensor of this rank, whatever else is as it is. */
export const alongAxis = (dims: readonly number[], rank: number, axis: number): readonly number[] =>
  dims.length === 1 && rank > 1
    ? Array.from({ length: rank }, (_, i) => (i === axis ? (dims[0] as number) : 1))
    : dims;

/** int32, wrapped where a sum leaves it. */
export const toInt32 = (t: Tensor): Tensor =>
  tensor('int32', t.dims, Int32Array.from(t.data as Float64Array));

/**
 * Sums times a factor, in single precision, rounded to the nearest integer, halves to even, plus the zero point, and
 * saturated in its dtype; where that is a small float, cast to it.
 */
export const requantized = (sums: Tensor, factor: (i: number) => number, zero: Tensor): Tensor => {
  const { dtype } = zero;
  const offset = zero.data[0] as number;
  const scaled = (i: number): number => Math.fround(Math.fround(sums.data[i] as number) * factor(i));
  const count = countOf(sums.dims);
  if (isFloat(dtype)) {
    const shifted = Float32Array.from({ length: count }, (_, i) => scaled(i) + offset);
    return cast(tensor('float32', sums.dims, shifted), dtype, { saturate: true, roundMode: 'up' });
  }
  const [low, high] = [Number(lowest(dtype)), Number(highest(dtype))];
  const out = column(dtype, count) as Int8Array;
  for (let i = 0; i < count; i++) {
    const q = roundEven(scaled(i)) + offset;
    out[i] = Math.min(Math.max(Number.isNaN(q) ? 0 : q, low), high);
  }
  return tensor(dtype, sums.dims, out);
};
