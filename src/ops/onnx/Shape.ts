import { intOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';

/** The axes asked for: `start` to `end`, counted from the back where negative, and cut to the rank. */
const range = (node: Node, rank: number): [number, number] => {
  const cut = (axis: number) => Math.min(Math.max(axis < 0 ? axis + rank : axis, 0), rank);
  return [cut(intOf(node, 'start', 0)), cut(intOf(node, 'end', rank))];
};

/** The extents of the input. ONNX Operators, Shape. */
export const Shape: Operator = {
  domain: '',
  name: 'Shape',
  since: [1, 13, 15, 19, 21, 23, 24, 25],
  infer: (node) => {
    const { dims } = tensorInput(node, 0);
    if (dims === null) return [tensorType('int64', [null])];
    const [from, to] = range(node, dims.length);
    return [tensorType('int64', [Math.max(to - from, 0)])];
  },
  elements: (node) => {
    const { dims } = tensorInput(node, 0);
    return [dims?.slice(...range(node, dims.length))];
  },
  evaluate: ([x], node) => {
    const { dims } = x as Tensor;
    const asked = dims.slice(...range(node, dims.length));
    return [tensorOf('int64', [asked.length], asked)];
  },
};
