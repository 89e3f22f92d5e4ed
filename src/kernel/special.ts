/** Functions that JavaScript's Math lacks. */

/**
 * erf by the series without cancellation, for |x| < 3: exp(-x²) 2/√π Σ 2ⁿ x²ⁿ⁺¹ / (1·3···(2n+1)).
 * Abramowitz and Stegun 7.1.6.
 */
const series = (x: number): number => {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
};

/** erfc by its continued fraction, for x > 1, where this many steps suffice. Abramowitz and Stegun 7.1.14. */
const fraction = (x: number): number => {
  let f = x;
  for (let n = 250; n > 0; n--) f = x + n / 2 / f;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * f);
};

/** 1 - erf(x), relatively exact in the upper tail. */
export const erfc = (x: number): number => {
  if (x > 1) return x > 27 ? 0 : fraction(x);
  return x < -1 ? 2 - erfc(-x) : 1 - erf(x);
};

/** The error function, 2/√π ∫₀ˣ exp(-t²) dt; within some ULP. */
export const erf = (x: number): number => {
  if (x === 0 || Number.isNaN(x)) return x;
  if (Math.abs(x) < 3) return series(x);
  return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
};

/** Cumulative standard normal distribution. */
export const normalCdf = (x: number): number => erfc(-x / Math.SQRT2) / 2;
