import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** alpha * Elu(x / alpha). ONNX Operators, Celu. */
export const Celu: Operator = activation('Celu', [12, 28], ({ x, attribute, call }) => {
  const alpha = attribute('alpha', 1);
  return ['Mul', alpha, call('Elu', call('Div', x, alpha))];
});
