import { type Elements, elementsOf } from '../../ir/elements.ts';
import { type Dim, tensorType } from '../../ir/model.ts';
import { strides, type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { computedElements } from './elements.ts';

const countOfKnown = (elements: Elements | undefined): Dim =>
  elements?.every((e) => typeof e === 'number') ? elements.filter((e) => e !== 0).length : null;

/**
 * Where the elements are that are not zero: [rank, count], in row-major order. A string is zero where it is empty, NaN
 * is not zero. ONNX Operators, NonZero.
 */
export const NonZero: Operator = {
  domain: '',
  name: 'NonZero',
  since: [9, 13],
  infer: (node, known) => {
    const { dims } = tensorInput(node, 0);
    const count = countOfKnown(elementsOf(node.inputs[0], known));
    return [tensorType('int64', [dims === null ? null : dims.length, count])];
  },
  elements: computedElements,
  evaluate: ([x]) => {
    const { dims, data } = x as Tensor;
    const found: number[] = [];
    for (let i = 0; i < data.length; i++) {
      const e = data[i];
      if (e !== 0 && e !== 0n && e !== '') found.push(i);
    }
    const own = strides(dims);
    const places = dims.flatMap((d, axis) => found.map((i) => Math.floor(i / (own[axis] as number)) % d));
    return [tensorOf('int64', [dims.length, found.length], places)];
  },
};
