import { intsOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { axesFromFront, ints, knownInts, rowShape, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { axesAsAttribute } from './earlier.ts';
import { sameElements } from './elements.ts';
import { axesBecameInput } from './expansion.ts';
import { reshaped } from './take.ts';

/** The extents with a 1 at each of the axes, which are axes of the result. */
const unsqueezed = (node: Node, dims: readonly Dim[], given: readonly number[]): readonly Dim[] => {
  const axes = axesFromFront(node, given, dims.length + given.length);
  return axes.reduce((out: readonly Dim[], axis) => out.toSpliced(axis, 0, 1), dims);
};

/** Puts axes of extent 1 in. ONNX Operators, Unsqueeze. */
export const Unsqueeze: readonly Operator[] = [
  {
    domain: '',
    name: 'Unsqueeze',
    since: [13, 21, 23, 24, 25],
    infer: (node, known) => {
      const { dtype, dims } = tensorInput(node, 0);
      const axes = knownInts(node, 1, known);
      if (dims !== null && axes) return [tensorType(dtype, unsqueezed(node, dims, axes))];
      const [more] = tensorInput(node, 1, ['int64']).dims ?? [];
      const rank = dims !== null && typeof more === 'number' ? dims.length + more : null;
      return [tensorType(dtype, rank === null ? null : new Array<null>(rank).fill(null))];
    },
    elements: sameElements,
    evaluate: ([x, axes], node) => {
      const t = x as Tensor;
      return [reshaped(t, unsqueezed(node, t.dims, ints(axes) ?? []) as number[])];
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
    name: 'Unsqueeze',
    since: [1, 11],
    infer: (node) => {
      const { dtype, dims } = tensorInput(node, 0);
      return [tensorType(dtype, dims && unsqueezed(node, dims, intsOf(node, 'axes') ?? []))];
    },
    elements: sameElements,
    expand: (node, b) => axesBecameInput(node, b, 'Unsqueeze', intsOf(node, 'axes') ?? []),
  },
];
