import { intsOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import { strides, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axesFromFront, dimsOf, rowShape } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { movedElements } from './elements.ts';
import { take, takeRow, walk } from './take.ts';

/** Which axis of the input each axis of the result is: the attribute `perm`, or all in reverse. */
const permutation = (node: Node, rank: number): number[] => {
  const perm = intsOf(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  axesFromFront(node, perm, rank);
  return perm.length === rank
    ? perm.map((p) => (p < 0 ? p + rank : p))
    : refused(node, `perm [${perm}] is not an order of ${rank} axes`);
};

/** The axes in another order. ONNX Operators, Transpose. */
export const Transpose: Operator = {
  domain: '',
  name: 'Transpose',
  since: [1, 13, 21, 23, 24, 25],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (dims !== null)
      return [
        tensorType(
          dtype,
          permutation(node, dims.length).map((p) => dims[p] ?? null),
        ),
      ];
    const perm = intsOf(node, 'perm');
    return [tensorType(dtype, perm ? perm.map(() => null) : null)];
  },
  elements: movedElements(0),
  evaluate: ([x], node) => {
    const t = x as Tensor;
    const perm = permutation(node, t.dims.length);
    const own = strides(t.dims);
    const dims = perm.map((p) => t.dims[p] as number);
    return [
      take(
        t,
        dims,
        walk(
          dims,
          perm.map((p) => own[p] as number),
        ),
      ),
    ];
  },
  lower: (node, inputs) => {
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const x = inputs[0] as Lowered;
    const perm = permutation(node, dims.length + 1)
      .slice(1)
      .map((p) => p - 1);
    const own = strides(x.dims);
    return [
      takeRow(
        x,
        dims,
        walk(
          dims,
          perm.map((p) => own[p] as number),
        ),
      ),
    ];
  },
  carriers: whereHeld,
  rows: (node) => {
    const rank = dimsOf(node.inputs[0])?.length;
    return rank !== undefined && rank > 0 && permutation(node, rank)[0] === 0 ? 'each' : 'all';
  },
};
