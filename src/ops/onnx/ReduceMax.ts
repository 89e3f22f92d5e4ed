import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { numeric } from './constraints.ts';
import { lowest } from './limits.ts';
import { foldAll, reduction } from './reduce.ts';

const start = (dtype: DType): number | bigint => (isFloat(dtype) ? -Infinity : lowest(dtype));

/**
 * The largest element over axes; NaN where one is NaN. Of nothing it is -Infinity, or the lowest integer. Takes bool, false
 * below true. ONNX Operators, ReduceMax.
 */
export const ReduceMax: readonly Operator[] = reduction({
  name: 'ReduceMax',
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
          if (x > found) found = x;
        }
        return found;
      };
    }
    return (data, base, offsets) => {
      let found = first as number;
      for (let i = 0; i < offsets.length; i++)
        found = Math.max(found, data[base + (offsets[i] as number)] as number);
      return found;
    };
  },
  lower: (dtype) =>
    foldAll(dtype, { with: 'max', start: { k: 'const', dtype, value: start(dtype) }, ordered: false }),
});
