/** Where rounding needs more than storing an element. */
import type { Row } from '../../kernel/row.ts';
import type { DType } from '../../tensor/dtype.ts';

/** The nearest integer, halves to the even one; the sign of zero stays (IEEE 754, roundToIntegralTiesToEven). */
export const roundEven = (x: number): number => {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
};

/** A scalar of the row language in another dtype; itself where it is of that dtype already. */
export const castRow = (x: Row, from: DType, to: DType): Row =>
  from === to ? x : { k: 'apply', fn: 'cast', dtype: to, args: [x] };

/** A function of the row language computed in double precision, and rounded to the dtype once. */
export const inDouble = (dtype: DType, x: Row, f: (x: Row) => Row): Row =>
  castRow(f(castRow(x, dtype, 'float64')), 'float64', dtype);
