/** What the scatters share: how an update meets what stands there. */
import { stringOf } from '../../ir/attributes.ts';
import type { Node } from '../../ir/model.ts';
import { type DType, isBig } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';
import { copy } from './take.ts';

type Meet = (there: never, update: never) => unknown;

/** Updates are applied in the order of the indices, and each is rounded to the dtype. */
export const meeting = (node: Node, dtype: DType): Meet => {
  const round = rounder(dtype);
  const reduction = stringOf(node, 'reduction', 'none');
  const wide = dtype === 'int32' || dtype === 'uint32';
  switch (reduction) {
    case 'none':
      return (_, y) => y;
    case 'add':
      return isBig(dtype) ? (x: bigint, y: bigint) => x + y : (x: number, y: number) => round(x + y);
    case 'mul':
      if (isBig(dtype)) return (x: bigint, y: bigint) => x * y;
      return wide ? Math.imul : (x: number, y: number) => round(x * y);
    case 'max':
      return isBig(dtype) ? (x: bigint, y: bigint) => (x > y ? x : y) : Math.max;
    case 'min':
      return isBig(dtype) ? (x: bigint, y: bigint) => (x < y ? x : y) : Math.min;
    default:
      return refused(node, `there is no reduction '${reduction}'`);
  }
};

/** A copy to write into. */
export const copyOf = (t: Tensor): Tensor => {
  const out = zeros(t.dtype, t.dims);
  copy(out, 0, t, 0, countOf(t.dims));
  return out;
};
