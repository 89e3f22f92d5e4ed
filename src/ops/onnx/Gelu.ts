import { stringOf } from '../../ir/attributes.ts';
import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/**
 * x * Φ(x), Φ being the cumulative normal distribution: 0.5 * x * (1 + erf(x / √2)), or with
 * tanh(√(2/π) * (x + 0.044715 * x³)) for the error function under `approximate` = tanh. ONNX Operators, Gelu.
 */
export const Gelu: Operator = activation('Gelu', [20], ({ x, node, number, call }) => {
  const curve =
    stringOf(node, 'approximate', 'none') === 'tanh'
      ? call(
          'Tanh',
          call(
            'Mul',
            call('Sqrt', number(Math.fround(2 / Math.PI))),
            call('Add', x, call('Mul', number(Math.fround(0.044715)), call('Pow', x, number(3)))),
          ),
        )
      : call('Erf', call('Div', x, call('Sqrt', number(2))));
  return ['Mul', call('Mul', number(0.5), x), call('Add', number(1), curve)];
});
