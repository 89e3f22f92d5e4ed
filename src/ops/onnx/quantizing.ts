/** Integer and quantized products, said with products of floats where an opset has none of their own. */
import type { Builder } from '../../ir/builder.ts';
import type { Node, TensorType, Value } from '../../ir/model.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { dimsOf } from './axes.ts';
import { cast } from './earlier.ts';
import { attributesBut } from './expansion.ts';
import { highest, lowest } from './limits.ts';
import { reshaped, spelling } from './spelling.ts';

/** A vector as the extents of axis `axis` from the back, -1 being the last; anything else as it is. */
const alongAxis = (b: Builder, v: Value, behind: number): Value =>
  dimsOf(v)?.length === 1 && behind > 0 ? reshaped(b, v, [-1, ...new Array<number>(behind).fill(1)]) : v;

/** Elements without their zero point, in doubles, where sums of such products are exact below 2^53. */
export const centredIn = (b: Builder, x: Value, zero: Value | null | undefined, behind = 0): Value => {
  const wide = cast(b, x, 'float64');
  return zero ? b.op('Sub', [wide, cast(b, alongAxis(b, zero, behind), 'float64')]) : wide;
};

/** ConvInteger's and QLinearConv's sums, in doubles: input 0 and `w` with their zero points. */
export const convolved = (
  node: Node,
  b: Builder,
  [x, xZero, w, wZero]: readonly [Value, Value | null, Value, Value | null],
): Value => {
  const spatial = Math.max((dimsOf(x)?.length ?? dimsOf(w)?.length ?? 2) - 1, 0);
  const inputs = [centredIn(b, x, xZero), centredIn(b, w, wZero, spatial)];
  return b.op('Conv', inputs, attributesBut(node, []));
};

/** A factor for each output channel of a convolution of this rank, or one for all. */
export const perChannel = (b: Builder, v: Value, rank: number): Value => alongAxis(b, v, rank - 2);

/** A factor or zero point for each row of a matrix, or one for all. */
export const perRow = (b: Builder, v: Value): Value => alongAxis(b, v, 1);

/**
 * Sums times a factor, in single precision, rounded to the nearest integer, halves to even, plus the zero point, and
 * saturated in its dtype; where that is a small float, cast to it.
 */
export const requantizedIn = (b: Builder, sums: Value, factor: Value, zero: Value): Value => {
  const { dtype } = zero.type as TensorType;
  const single = spelling(b, 'float32');
  const scaled = single.mul(cast(b, sums, 'float32'), cast(b, factor, 'float32'));
  if (isFloat(dtype)) return cast(b, single.add(scaled, cast(b, zero, 'float32')), dtype);
  return saturated(b, single.one('Round', scaled), zero);
};

/** Whole numbers plus a zero point, saturated in its dtype. */
const saturated = (b: Builder, x: Value, zero: Value): Value => {
  const { dtype } = zero.type as TensorType;
  const s = spelling(b, 'float64');
  const moved = s.add(cast(b, x, 'float64'), cast(b, zero, 'float64'));
  const [low, high] = [Number(lowest(dtype)), Number(highest(dtype))];
  return cast(b, s.min(s.max(moved, low), high), dtype);
};
