/** Student's t, worked out while a document is read: quantiles of confidence intervals. */

/** ln Γ(x) for x > 0: Stirling's series from 10 on, the recurrence below. */
const lnGamma = (x: number): number => {
  let shift = 0;
  let y = x;
  for (; y < 10; y++) shift += Math.log(y);
  const s = 1 / (y * y);
  const series = (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188))))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
};

/** The regularized incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and Stegun 26.5.8). */
const incompleteBeta = (x: number, a: number, b: number): number => {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  // From the last fraction to the first; its terms shrink geometrically here.
  let f = 0;
  for (let m = 400; m >= 1; m--) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m - 1) * (a + b + m - 1) * x) / ((a + 2 * m - 2) * (a + 2 * m - 1));
    f = odd / (1 + even / (1 + f));
  }
  return front / (1 + f);
};

/** P(T <= t) of Student's t with `df` degrees of freedom; Infinity: the normal distribution's limit by a large df. */
const studentCdf = (t: number, df: number): number => {
  const tail = 0.5 * incompleteBeta(df / (df + t * t), df / 2, 0.5);
  return t < 0 ? tail : 1 - tail;
};

/** The t with P(T <= t) = p, for 0.5 <= p < 1. */
export const studentQuantile = (p: number, df: number): number => {
  let [low, high] = [0, 1];
  while (studentCdf(high, df) < p && high < 1e300) high *= 2;
  for (let i = 0; i < 200 && low < high; i++) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (studentCdf(middle, df) < p) low = middle;
    else high = middle;
  }
  return high;
};
