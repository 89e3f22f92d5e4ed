import type { Row } from '../../kernel/row.ts';
import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import type { Operator } from '../operator.ts';
import { summing, total } from './accumulate.ts';
import { numeric } from './constraints.ts';
import { foldAll, reduction } from './reduce.ts';
import { castRow } from './rounding.ts';

/**
 * The sum over axes, in index order, divided by how many elements there are: in doubles, rounded once; integers are
 * cut towards zero. Of nothing it is undefined: NaN, or 0 for integers. ONNX Operators, ReduceMean.
 */
export const ReduceMean: readonly Operator[] = reduction({
  name: 'ReduceMean',
  dtypes: numeric,
  attribute: [1, 11, 13],
  input: [18],
  reducer: (dtype) => {
    if (isBig(dtype)) {
      const sum = summing(dtype);
      const cut = dtype === 'int64' ? BigInt.asIntN : BigInt.asUintN;
      return (data, base, offsets) =>
        offsets.length === 0 ? 0n : cut(64, sum(data, base, offsets) as bigint) / BigInt(offsets.length);
    }
    const round = isFloat(dtype) ? rounder(dtype) : Math.trunc;
    return (data, base, offsets) => round(total(data, base, offsets) / offsets.length);
  },
  lower: (dtype) => (element, loop, over) => {
    const into: DType = isBig(dtype) ? dtype : 'float64';
    const number = (value: number): Row => ({
      k: 'const',
      dtype: into,
      value: isBig(into) ? BigInt(value) : value,
    });
    const entry = (at: Row): Row => castRow(element(at), dtype, into);
    const sum = foldAll(into, { with: 'sum', start: number(0), ordered: isFloat(into) })(entry, loop, over);
    return castRow({ k: 'apply', fn: 'div', dtype: into, args: [sum, number(over)] }, into, dtype);
  },
});
