/** Which scale and zero point an element of a quantized tensor has: one for all, one an axis, or one a block. */
import { intOf } from '../../ir/attributes.ts';
import type { Node } from '../../ir/model.ts';
import { countOf, strides, type Tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';
import { fromFront } from './axes.ts';

/** For each element of a tensor of shape `dims`, in order, the index of its scale. */
export const scaleIndex = (node: Node, dims: readonly number[], scale: Tensor): ((i: number) => number) => {
  const size = countOf(scale.dims);
  const block = intOf(node, 'block_size', 0);
  // A scale of one element serves all, whatever its rank; a vector has one scale in all.
  if (block === 0 && (scale.dims.length === 0 || size === 1)) return () => 0;
  const axis = fromFront(node, intOf(node, 'axis', 1), dims.length);
  const inner = countOf(dims.slice(axis + 1));
  const length = dims[axis] as number;
  if (block === 0) {
    if (size !== length) refused(node, `${size} scales do not fit an axis of ${length}`);
    return (i) => Math.floor(i / inner) % length;
  }
  const steps = strides(scale.dims);
  const fits =
    scale.dims.length === dims.length &&
    scale.dims.every((d, i) => d === (i === axis ? Math.ceil(length / block) : dims[i]));
  if (block < 0 || !fits) refused(node, `scales [${scale.dims}] do not fit [${dims}] in blocks of ${block}`);
  const own = strides(dims);
  return (i) =>
    dims.reduce((at, d, k) => {
      const index = Math.floor(i / (own[k] as number)) % d;
      return at + (k === axis ? Math.floor(index / block) : index) * (steps[k] as number);
    }, 0);
};

/** The zero point at an index of the scales; 0 where there is none. */
export const zeroPoint = (
  node: Node,
  zero: Tensor | null | undefined,
  scale: Tensor,
): ((at: number) => number) => {
  if (!zero) return () => 0;
  if (countOf(zero.dims) !== countOf(scale.dims)) {
    refused(node, `zero points [${zero.dims}] and scales [${scale.dims}] differ in shape`);
  }
  return (at) => Number(zero.data[at]);
};
