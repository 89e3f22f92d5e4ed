import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** max(0, min(1, alpha * x + beta)). ONNX Operators, HardSigmoid. */
export const HardSigmoid: Operator = activation(
  'HardSigmoid',
  [1, 6, 22],
  ({ x, number, attribute, call }) => {
    const line = call('Add', call('Mul', x, attribute('alpha', 0.2)), attribute('beta', 0.5));
    return ['Max', call('Min', line, number(1)), number(0)];
  },
);
