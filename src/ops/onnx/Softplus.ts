import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** ln(e^x + 1). ONNX Operators, Softplus. */
export const Softplus: Operator = activation('Softplus', [1, 22], ({ x, number, call }) => [
  'Log',
  call('Add', call('Exp', x), number(1)),
]);
