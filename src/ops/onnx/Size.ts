import { tensorType } from '../../ir/model.ts';
import { countOf, scalar, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { quotient } from './extents.ts';

/** How many elements the input has. ONNX Operators, Size. */
export const Size: Operator = {
  domain: '',
  name: 'Size',
  since: [1, 13, 19, 21, 23, 24, 25],
  infer: (node) => {
    tensorInput(node, 0);
    return [tensorType('int64', [])];
  },
  elements: (node) => {
    const { dims } = tensorInput(node, 0);
    return [dims === null ? undefined : [quotient(dims)]];
  },
  evaluate: ([x]) => [scalar('int64', countOf((x as Tensor).dims))],
};
