import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { binary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** C = A + B, element by element. ONNX Operators, Add. */
export const Add: Operator = {
  domain: '',
  name: 'Add',
  since: [7, 13, 14],
  infer: inferElementwise(),
  evaluate: ([a, b], node) => [binary(a as Tensor, b as Tensor, node, (x: number, y: number) => x + y)],
  lower: lowerTo('add'),
  rows: rowsEach,
};
