import type { Operator } from '../operator.ts';
import { activation } from './activation.ts';

/** x * max(0, min(1, x / 6 + 1 / 2)), with 1 / 6 in single precision. ONNX Operators, HardSwish. */
export const HardSwish: Operator = activation('HardSwish', [14, 22], ({ x, number, call }) => {
  const line = call('Add', call('Mul', x, number(Math.fround(1 / 6))), number(0.5));
  return ['Mul', x, call('Max', call('Min', line, number(1)), number(0))];
});
