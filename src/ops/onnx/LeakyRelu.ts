import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** alpha * x below 0, else x. ONNX Operators, LeakyRelu. */
export const LeakyRelu: Operator = activation('LeakyRelu', [1, 6, 16], ({ x, number, attribute, call }) => [
  'Where',
  call('Less', x, number(0)),
  call('Mul', attribute('alpha', 0.01), x),
  x,
]);
