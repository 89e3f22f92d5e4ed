import { isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import type { Operator } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { numeric } from './constraints.ts';
import { quotient } from './extents.ts';
import { foldAll, reduction } from './reduce.ts';

/** The product over axes, in index order, each step rounded as ReduceSum has it; of nothing it is 1. ONNX Operators, ReduceProd. */
export const ReduceProd: readonly Operator[] = reduction({
  name: 'ReduceProd',
  dtypes: numeric,
  attribute: [1, 11, 13],
  input: [18],
  reducer: (dtype) => {
    if (!isFloat(dtype)) {
      // Exact whatever the width, and wrapped when stored.
      const big = isBig(dtype);
      return (data, base, offsets) => {
        let product = 1n;
        for (let i = 0; i < offsets.length; i++) {
          product = BigInt.asIntN(
            64,
            product * BigInt(data[base + (offsets[i] as number)] as number | bigint),
          );
        }
        return big ? product : Number(BigInt.asIntN(32, product));
      };
    }
    const [step, round] = [stepRounder(dtype), rounder(dtype)];
    return (data, base, offsets) => {
      let product = 1;
      for (let i = 0; i < offsets.length; i++)
        product = step(product * (data[base + (offsets[i] as number)] as number));
      return round(product);
    };
  },
  whole: quotient,
  lower: (dtype) =>
    foldAll(dtype, {
      with: 'product',
      start: { k: 'const', dtype, value: isBig(dtype) ? 1n : 1 },
      ordered: isFloat(dtype),
    }),
});
