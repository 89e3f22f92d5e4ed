import { intsOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { smallDims } from '../../ir/elements.ts';
import { type Dim, type Node, tensorType } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axesFromFront, ints, knownInts, reduced, rowShape, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { axesAsAttribute } from './earlier.ts';
import { sameElements } from './elements.ts';
import { axesBecameInput } from './expansion.ts';
import { reshaped } from './take.ts';

/** The extents without the named ones, or without all that are 1; null where that cannot be told. */
const squeezed = (
  node: Node,
  dims: readonly Dim[],
  given: readonly number[] | undefined,
): readonly Dim[] | null => {
  if (!given) return dims.every((d) => typeof d === 'number') ? dims.filter((d) => d !== 1) : null;
  const axes = axesFromFront(node, given, dims.length);
  const long = axes.find((a) => typeof dims[a] === 'number' && dims[a] !== 1);
  if (long !== undefined) refused(node, `axis ${long} has extent ${dims[long]}, not 1`);
  return reduced(dims, axes, false);
};

/** Takes axes of extent 1 away. ONNX Operators, Squeeze. */
export const Squeeze: readonly Operator[] = [
  {
    domain: '',
    name: 'Squeeze',
    since: [13, 21, 23, 24, 25],
    infer: (node, known) => {
      const { dtype, dims } = tensorInput(node, 0);
      if (dims === null) return [tensorType(dtype, null)];
      const axes = knownInts(node, 1, known);
      if (axes || !node.inputs[1]) return [tensorType(dtype, squeezed(node, dims, axes))];
      // As many axes as there are of extent 1 must be those.
      const count = smallDims(node.inputs[1])?.[0];
      const alone = dims.filter((d) => typeof d !== 'number' || d === 1).length === count;
      if (alone)
        return [
          tensorType(
            dtype,
            dims.filter((d) => typeof d === 'number' && d !== 1),
          ),
        ];
      const rank = count === undefined ? null : Math.max(dims.length - count, 0);
      return [tensorType(dtype, rank === null ? null : new Array<null>(rank).fill(null))];
    },
    elements: sameElements,
    evaluate: ([x, axes], node) => {
      const t = x as Tensor;
      return [reshaped(t, squeezed(node, t.dims, ints(axes)) as number[])];
    },
    lower: (node, inputs) => {
      const dims = rowShape(node);
      return isRefusal(dims) ? dims : [{ ...(inputs[0] as Lowered), dims }];
    },
    express: axesAsAttribute,
    carriers: whereHeld,
    rows: (node) => rowsByType(node),
  },
  {
    domain: '',
    name: 'Squeeze',
    since: [1, 11],
    infer: (node) => {
      const { dtype, dims } = tensorInput(node, 0);
      return [tensorType(dtype, dims && squeezed(node, dims, intsOf(node, 'axes')))];
    },
    elements: sameElements,
    expand: (node, b) => axesBecameInput(node, b, 'Squeeze', intsOf(node, 'axes')),
  },
];
