/**
 * What time series models say of the steps ahead, as plain numbers: it depends on the step alone, so that all of it is
 * known when the document is read. Steps are counted from 1. PMML 4.4.1, Time Series.
 */

/** Forecasts of the steps 1 … and, where they are known, the standard errors of these forecasts. */
export interface Forecast {
  readonly values: readonly number[];
  readonly errors: readonly number[] | null;
}

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
  /** a(B) and m(B) of `a(B) y = constant + m(B) e`, both from the coefficient 1 on. */
  readonly autoregressive: readonly number[];
  readonly movingAverage: readonly number[];
  readonly constant: number;
  /** The series and the residuals, the latest last. */
  readonly history: readonly number[];
  readonly residuals: readonly number[];
}

/** The recursion itself, residuals to come being 0. */
export const armaForecast = (m: Arma, steps: number): number[] => {
  const y = [...m.history];
  const e = [...m.residuals];
  const known = y.length;
  for (let h = 1; h <= steps; h++) {
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
  count: number,
): number[] => {
  const psi: number[] = [];
  for (let j = 0; j < count; j++) {
    let w = movingAverage[j] ?? 0;
    for (let i = 1; i <= Math.min(j, autoregressive.length - 1); i++) {
      w -= (autoregressive[i] as number) * (psi[j - i] as number);
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

export interface Garch {
  readonly constant: number;
  /** Of squared residuals and of variances, lag 1 first. */
  readonly squares: readonly number[];
  readonly variances: readonly number[];
  /** The latest last. */
  readonly residuals: readonly number[];
  readonly past: readonly number[];
}

/** Conditional variances of the errors to come; the expected square of one of them is its variance. */
export const garchVariances = (g: Garch, steps: number): number[] => {
  const squares = g.residuals.map((e) => e * e);
  const variances = [...g.past];
  const known = variances.length;
  for (let h = 0; h < steps; h++) {
    let next = g.constant;
    g.squares.forEach((a, i) => {
      next += a * (squares[squares.length - 1 - i] as number);
    });
    g.variances.forEach((b, i) => {
      next += b * (variances[variances.length - 1 - i] as number);
    });
    squares.push(next);
    variances.push(next);
  }
  return variances.slice(known);
};

export interface Smoothing {
  readonly level: number;
  readonly trend: 'none' | 'additive' | 'damped_additive' | 'multiplicative' | 'damped_multiplicative';
  readonly slope: number;
  readonly damping: number;
  readonly season: {
    readonly type: 'additive' | 'multiplicative';
    readonly factors: readonly number[];
    readonly phase: number;
  } | null;
}

export const smoothingForecast = (s: Smoothing, steps: number): number[] => {
  const out: number[] = [];
  let damped = 0;
  for (let h = 1; h <= steps; h++) {
    damped += s.damping ** h;
    const along = s.trend.startsWith('damped') ? damped : h;
    let value = s.level;
    if (s.trend.endsWith('additive')) value += along * s.slope;
    else if (s.trend.endsWith('multiplicative')) value *= s.slope ** along;
    if (s.season) {
      const { factors, phase, type } = s.season;
      const factor = factors[(phase + h - 1) % factors.length] as number;
      value = type === 'additive' ? value + factor : value * factor;
    }
    out.push(value);
  }
  return out;
};

type Matrix = readonly (readonly number[])[];

export interface StateSpace {
  /** The state at the first step ahead. */
  readonly state: readonly number[];
  readonly transition: Matrix;
  readonly measurement: readonly number[];
  readonly stateIntercept: readonly number[];
  readonly intercept: number;
  /** Covariances in units of `variance`: of the state last observed, of what is added a step, of the observation. */
  readonly errors: {
    readonly variance: number;
    readonly covariance: Matrix;
    readonly selected: Matrix;
    readonly observation: number;
  } | null;
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

const times = (m: Matrix, v: readonly number[]): number[] => m.map((row) => dot(row, v));

/** `m p m'`. */
const carried = (m: Matrix, p: Matrix): number[][] => {
  const half = m.map((row) =>
    (p[0] ?? []).map((_, j) =>
      dot(
        row,
        p.map((r) => r[j] as number),
      ),
    ),
  );
  return half.map((row) => m.map((other) => dot(row, other)));
};

export const stateSpaceForecast = (s: StateSpace, steps: number): Forecast => {
  const values: number[] = [];
  const errors: number[] = [];
  let state = s.state;
  let covariance = s.errors?.covariance ?? [];
  for (let h = 1; h <= steps; h++) {
    values.push(dot(s.measurement, state) + s.intercept);
    state = times(s.transition, state).map((x, i) => x + (s.stateIntercept[i] ?? 0));
    if (!s.errors) continue;
    const { selected, observation, variance } = s.errors;
    covariance = carried(s.transition, covariance).map((row, i) =>
      row.map((x, j) => x + (selected[i]?.[j] ?? 0)),
    );
    errors.push(Math.sqrt(variance * (dot(s.measurement, times(covariance, s.measurement)) + observation)));
  }
  return { values, errors: s.errors ? errors : null };
};
