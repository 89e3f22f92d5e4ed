import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** x above alpha, else 0. ONNX Operators, ThresholdedRelu. */
export const ThresholdedRelu: Operator = activation(
  'ThresholdedRelu',
  [10, 22],
  ({ x, number, attribute, call }) => ['Where', call('Less', attribute('alpha', 1), x), x, number(0)],
);
