import type { Operator } from '../operator.ts';
import { cumulative } from './cumulative.ts';

/** Sums along an axis up to each element, every step rounded as ReduceSum has it. ONNX Operators, CumSum. */
export const CumSum: Operator = cumulative('CumSum', [11, 14], {
  start: 0,
  operator: 'Add',
  number: () => (x, y) => x + y,
  big: (x, y) => x + y,
});
