import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** x * sigmoid(alpha * x). ONNX Operators, Swish. */
export const Swish: Operator = activation('Swish', [24], ({ x, attribute, call }) => [
  'Mul',
  x,
  call('Sigmoid', call('Mul', attribute('alpha', 1), x)),
]);
