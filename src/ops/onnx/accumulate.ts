/** How sums and products of many elements are kept. */
import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Reducer } from './reduce.ts';

/**
 * The format that a sum is kept in: float64 and float32 their own; the smaller floats single precision, rounded at the
 * end; integers are exact in doubles up to 2^53 and wrap when stored (64-bit ones are bigints).
 */
export const stepRounder = (dtype: DType): ((x: number) => number) =>
  isFloat(dtype) && dtype !== 'float64' ? Math.fround : (x) => x;

/** The sum of the elements in doubles, from 0, in index order. */
export const total = (data: Tensor['data'], base: number, offsets: Int32Array): number => {
  let sum = 0;
  for (let i = 0; i < offsets.length; i++) sum += data[base + (offsets[i] as number)] as number;
  return sum;
};

/** The sum of the elements, rounded to the dtype once; 64-bit integers exactly. */
export const summing = (dtype: DType): Reducer => {
  if (!isBig(dtype)) {
    const round = rounder(dtype);
    return (data, base, offsets) => round(total(data, base, offsets));
  }
  return (data, base, offsets) => {
    let sum = 0n;
    for (let i = 0; i < offsets.length; i++) sum += data[base + (offsets[i] as number)] as bigint;
    return sum;
  };
};
