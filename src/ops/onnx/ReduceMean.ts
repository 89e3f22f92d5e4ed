import type { Row } from '../../kernel/row.ts';
import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
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
      const cut = dtype === 'int64' ? BigInt.asIntN : BigInt.asUintN;
      return (data, base, offsets) =>
        offsets.length === 0 ? 0n : cut(64, sum(data, base, offsets) as bigint) / BigInt(offsets.length);
    }
    const round = rounder(dtype);
    const whole = !isFloat(dtype);
    return (data, base, offsets) => {
      const mean = (sum(data, base, offsets) as number) / offsets.length;
      return whole ? Math.trunc(mean) : round(mean);
    };
  },
  lower: (dtype) => (element, loop, over) => {
    // Small integers are summed in doubles, as they are above; the quotient is cut when it is cast back.
    const inDoubles = !isBig(dtype) && !isFloat(dtype);
    const into: DType = inDoubles ? 'float64' : dtype;
    const entry = (at: Row): Row =>
      inDoubles ? { k: 'apply', fn: 'cast', dtype: into, args: [element(at)] } : element(at);
    const number = (value: number): Row => ({
      k: 'const',
      dtype: into,
      value: isBig(into) ? BigInt(value) : value,
    });
    const sum = foldAll(into, { with: 'sum', start: number(0), ordered: isFloat(into) })(entry, loop, over);
    const mean: Row = { k: 'apply', fn: 'div', dtype: into, args: [sum, number(over)] };
    return inDoubles ? { k: 'apply', fn: 'cast', dtype, args: [mean] } : mean;
  },
});
