import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { summing } from './accumulate.ts';
import { numeric } from './constraints.ts';
import { foldAll, reduction } from './reduce.ts';
import { castRow } from './rounding.ts';

/**
 * The sum over axes, in index order; of nothing it is 0. The standard leaves the order and the precision open: here
 * floats are summed in doubles and rounded once. ONNX Operators, ReduceSum.
 */
export const ReduceSum: readonly Operator[] = reduction({
  name: 'ReduceSum',
  dtypes: numeric,
  attribute: [1, 11],
  input: [13],
  reducer: summing,
  lower: (dtype) => (element, loop, over) => {
    const into: DType = isFloat(dtype) ? 'float64' : dtype;
    const sum = foldAll(into, {
      with: 'sum',
      start: { k: 'const', dtype: into, value: isBig(into) ? 0n : 0 },
      ordered: isFloat(into),
    })((at) => castRow(element(at), dtype, into), loop, over);
    return castRow(sum, into, dtype);
  },
});
