import { isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import type { Operator } from '../operator.ts';
import { summing } from './accumulate.ts';
import { numeric } from './constraints.ts';
import { foldAll, reduction } from './reduce.ts';

/**
 * The sum over axes, in index order as ReduceSum has it, divided by how many elements there are; integers are cut
 * towards zero. Of nothing it is undefined: NaN, or 0 for integers. ONNX Operators, ReduceMean.
 */
export const ReduceMean: readonly Operator[] = reduction({
  name: 'ReduceMean',
  dtypes: numeric,
  attribute: [1, 11, 13],
  input: [18],
  reducer: (dtype) => {
    const sum = summing(dtype);
    if (isBig(dtype)) {
      return (data, base, offsets) =>
        offsets.length === 0 ? 0n : (sum(data, base, offsets) as bigint) / BigInt(offsets.length);
    }
    const round = rounder(dtype);
    const whole = !isFloat(dtype);
    return (data, base, offsets) => {
      const mean = (sum(data, base, offsets) as number) / offsets.length;
      return whole ? Math.trunc(mean) : round(mean);
    };
  },
  lower: (dtype) => (element, loop, over) => ({
    k: 'apply',
    fn: 'div',
    dtype,
    args: [
      foldAll(dtype, { with: 'sum', start: { k: 'const', dtype, value: 0 }, ordered: isFloat(dtype) })(
        element,
        loop,
        over,
      ),
      { k: 'const', dtype, value: isBig(dtype) ? BigInt(over) : over },
    ],
  }),
});
