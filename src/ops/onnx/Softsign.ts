import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** x / (1 + |x|). ONNX Operators, Softsign. */
export const Softsign: Operator = activation('Softsign', [1, 22], ({ x, number, call }) => [
  'Div',
  x,
  call('Add', number(1), call('Abs', x)),
]);
