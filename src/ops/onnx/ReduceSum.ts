import { isBig, isFloat } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { summing } from './accumulate.ts';
import { numeric } from './constraints.ts';
import { foldAll, reduction } from './reduce.ts';

/**
 * The sum over axes, in index order; of nothing it is 0. The standard leaves the order and the precision open: here
 * every step is rounded to the dtype (float16 and bfloat16: to single precision). ONNX Operators, ReduceSum.
 */
export const ReduceSum: readonly Operator[] = reduction({
  name: 'ReduceSum',
  dtypes: numeric,
  attribute: [1, 11],
  input: [13],
  reducer: summing,
  lower: (dtype) =>
    foldAll(dtype, {
      with: 'sum',
      start: { k: 'const', dtype, value: isBig(dtype) ? 0n : 0 },
      ordered: isFloat(dtype),
    }),
});
