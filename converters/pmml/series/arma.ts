/** `a(B) y = constant + m(B) e`, B being one step back: the recursion and its errors, as plain numbers. */
import { horizon } from './series.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Coefficients of the product of two polynomials, from the constant on. */
export const product = (p: readonly number[], q: readonly number[]): number[] => {
  const out = new Array<number>(p.length + q.length - 1).fill(0);
  p.forEach((x, i) => {
    q.forEach((y, j) => {
      out[i + j] = (out[i + j] as number) + x * y;
    });
  });
  return out;
};

/** `1 + sign (c1 B^step + c2 B^(2 step) …)`. */
export const lagPolynomial = (coefficients: readonly number[], step: number, sign: 1 | -1): number[] => {
  const out = new Array<number>(coefficients.length * step + 1).fill(0);
  out[0] = 1;
  coefficients.forEach((c, i) => {
    out[(i + 1) * step] = sign * c;
  });
  return out;
};

/** `(1 - B^step)^times`. */
export const difference = (step: number, times: number): number[] =>
  range(times).reduce<number[]>((p) => product(p, lagPolynomial([1], step, -1)), [1]);

export const valueAt = (polynomial: readonly number[], x: number): number =>
  polynomial.reduceRight((sum, c) => sum * x + c, 0);

export interface Arma {
  /** a(B) and m(B), both from the coefficient 1 on. */
  readonly autoregressive: readonly number[];
  readonly movingAverage: readonly number[];
  readonly constant: number;
  /** The series and the residuals, the latest last. */
  readonly history: readonly number[];
  readonly residuals: readonly number[];
}

/** The recursion itself, residuals to come being 0. */
export const armaForecast = (m: Arma): number[] => {
  const y = [...m.history];
  const e = [...m.residuals];
  const known = y.length;
  for (let h = 1; h <= horizon; h++) {
    let next = m.constant;
    for (let i = 1; i < m.autoregressive.length; i++) {
      const a = m.autoregressive[i] as number;
      if (a !== 0) next -= a * (y[y.length - i] as number);
    }
    // Residual `h - j` steps ahead: known where that is no step ahead.
    for (let j = h; j < m.movingAverage.length; j++) {
      const b = m.movingAverage[j] as number;
      if (b !== 0) next += b * (e[e.length - 1 - (j - h)] as number);
    }
    y.push(next);
  }
  return y.slice(known);
};

/** Weights of the errors to come in the error of a forecast: `m(B) / a(B)`. */
export const psiWeights = (
  { autoregressive, movingAverage }: Pick<Arma, 'autoregressive' | 'movingAverage'>,
  count: number = horizon,
): number[] => {
  const psi: number[] = [];
  for (let j = 0; j < count; j++) {
    let w = movingAverage[j] ?? 0;
    for (let i = 1; i <= Math.min(j, autoregressive.length - 1); i++) {
      const a = autoregressive[i] as number;
      if (a !== 0) w -= a * (psi[j - i] as number);
    }
    psi.push(w);
  }
  return psi;
};

/** Standard errors where every error to come has this variance. */
export const armaErrors = (psi: readonly number[], variance: number): number[] => {
  let sum = 0;
  return psi.map((w) => {
    sum += w * w;
    return Math.sqrt(variance * sum);
  });
};
