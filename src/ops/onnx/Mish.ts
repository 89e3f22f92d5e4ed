import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** x * tanh(ln(e^x + 1)). ONNX Operators, Mish. */
export const Mish: Operator = activation('Mish', [18, 22], ({ x, call }) => [
  'Mul',
  x,
  call('Tanh', call('Softplus', x)),
]);
