import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { numeric } from './constraints.ts';
import { highest } from './limits.ts';
import { foldAll, reduction } from './reduce.ts';

const start = (dtype: DType): number | bigint => (isFloat(dtype) ? Infinity : highest(dtype));

/**
 * The smallest element over axes; NaN where one is NaN. Of nothing it is Infinity, or the highest integer. Takes bool, false
 * below true. ONNX Operators, ReduceMin.
 */
export const ReduceMin: readonly Operator[] = reduction({
  name: 'ReduceMin',
  dtypes: [...numeric, 'bool'],
  attribute: [1, 11, 12, 13],
  input: [18, 20],
  reducer: (dtype) => {
    const first = start(dtype);
    if (isBig(dtype)) {
      return (data, base, offsets) => {
        let found = first as bigint;
        for (let i = 0; i < offsets.length; i++) {
          const x = data[base + (offsets[i] as number)] as bigint;
          if (x < found) found = x;
        }
        return found;
      };
    }
    return (data, base, offsets) => {
      let found = first as number;
      for (let i = 0; i < offsets.length; i++)
        found = Math.min(found, data[base + (offsets[i] as number)] as number);
      return found;
    };
  },
  lower: (dtype) =>
    foldAll(dtype, { with: 'min', start: { k: 'const', dtype, value: start(dtype) }, ordered: false }),
});
