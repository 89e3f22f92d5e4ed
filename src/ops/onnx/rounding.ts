/** The nearest integer, halves to the even one; the sign of zero stays (IEEE 754, roundToIntegralTiesToEven). */
export const roundEven = (x: number): number => {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
};
