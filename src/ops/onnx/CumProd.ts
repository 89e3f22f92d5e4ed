import { isFloat } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { cumulative } from './cumulative.ts';

/** Products along an axis up to each element, every step rounded as ReduceProd has it. ONNX Operators, CumProd. */
export const CumProd: Operator = cumulative('CumProd', [26], {
  start: 1,
  operator: 'Mul',
  number: (dtype) => (isFloat(dtype) ? (x, y) => x * y : Math.imul),
  big: (x, y) => x * y,
});
