import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** alpha * (e^x - 1) below 0, else x. ONNX Operators, Elu. */
export const Elu: Operator = activation('Elu', [1, 6, 22], ({ x, number, attribute, call }) => [
  'Where',
  call('Less', x, number(0)),
  call('Mul', attribute('alpha', 1), call('Sub', call('Exp', x), number(1))),
  x,
]);
