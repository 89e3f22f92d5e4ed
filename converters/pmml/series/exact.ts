/**
 * Exact least squares: the best linear forecast of an ARIMA process from all of its finite past, by the Kalman filter over
 * the differenced series from the stationary state on. For a process that has been observed for long it is the recursion of
 * conditional least squares; for a short one, or a moving average near the unit circle, it is not.
 *
 * State (Harvey): the differenced series itself, and what is known of its next values; it moves by the autoregressive
 * coefficients φ in the first column with ones above the diagonal, and an error e adds (1, θ1, θ2 …) e.
 */
import { product, psiWeights } from './arma.ts';
import { horizon } from './series.ts';

export interface Process {
  /** φ(B) and θ(B), from the coefficient 1 on, and what the series is differenced by. */
  readonly autoregressive: readonly number[];
  readonly movingAverage: readonly number[];
  readonly differences: readonly number[];
  /** Of the differenced series. */
  readonly mean: number;
  readonly history: readonly number[];
}

/** Square, row after row. */
type Matrix = Float64Array;

/** Filtering costs the square of this for every value of the series. */
export const stateOf = ({ autoregressive, movingAverage }: Process): number =>
  Math.max(autoregressive.length - 1, movingAverage.length);

/** null: the autoregressive part is not stationary. The variance is that of the errors. */
export const exactForecast = (
  p: Process,
): { readonly values: number[]; errors(variance: number): number[] } | null => {
  const size = stateOf(p);
  const phi = Array.from({ length: size }, (_, i) => -(p.autoregressive[i + 1] ?? 0));
  const noise = Array.from({ length: size }, (_, i) => p.movingAverage[i] ?? 0);
  let spread = stationary(phi, noise);
  if (spread === null) return null;
  let other: Matrix = new Float64Array(size * size);
  let state = new Array<number>(size).fill(0);
  for (const w of differenced(p)) {
    const surprise = (w - p.mean - (state[0] as number)) / (spread[0] as number);
    const seen = state.map((s, i) => s + ((spread as Matrix)[i] as number) * surprise);
    state = moved(phi, seen);
    filtered(phi, noise, spread, other);
    [spread, other] = [other, spread];
  }
  const last = spread;
  return { values: ahead(p, phi, state), errors: (variance) => errorsAhead(p, phi, last, variance) };
};

const differenced = ({ history, differences }: Process): number[] => {
  const out: number[] = [];
  for (let t = differences.length - 1; t < history.length; t++) {
    out.push(differences.reduce((sum, c, i) => (c === 0 ? sum : sum + c * (history[t - i] as number)), 0));
  }
  return out;
};

/** The state a step on. */
const moved = (phi: readonly number[], s: readonly number[]): number[] =>
  s.map((_, i) => (phi[i] as number) * (s[0] as number) + (s[i + 1] ?? 0));

/** The covariance `p` a step on, once a value has been seen. */
const filtered = (phi: readonly number[], noise: readonly number[], p: Matrix, next: Matrix): void => {
  const size = phi.length;
  const first = p.slice(0, size);
  const corner = first[0] as number;
  // What is left of cell i, j: nothing of the first row and column, for the value is known.
  for (let i = 0; i < size; i++) {
    const [own, below] = [noise[i] as number, (i + 1) * size + 1];
    const gain = i + 1 < size ? (first[i + 1] as number) / corner : 0;
    for (let j = 0; j < size; j++) {
      const inside = i + 1 < size && j + 1 < size;
      const left = inside ? (p[below + j] as number) - gain * (first[j + 1] as number) : 0;
      next[i * size + j] = left + own * (noise[j] as number);
    }
  }
};

const multiplied = (a: Matrix, b: Matrix, size: number): Matrix => {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const x = a[i * size + k] as number;
      if (x === 0) continue;
      for (let j = 0; j < size; j++) {
        out[i * size + j] = (out[i * size + j] as number) + x * (b[k * size + j] as number);
      }
    }
  }
  return out;
};

/** The covariance that stays as it is, by doubling: P = Σ T^k R R' T'^k. */
const stationary = (phi: readonly number[], noise: readonly number[]): Matrix | null => {
  const size = phi.length;
  const made = (cell: (i: number, j: number) => number): Matrix =>
    Float64Array.from({ length: size * size }, (_, at) => cell(Math.floor(at / size), at % size));
  const trace = (m: Matrix) => phi.reduce((sum, _, i) => sum + (m[i * size + i] as number), 0);
  let power = made((i, j) => (j === 0 ? (phi[i] as number) : 0) + (j === i + 1 ? 1 : 0));
  const sum = made((i, j) => (noise[i] as number) * (noise[j] as number));
  for (let doubled = 0; doubled < 40; doubled++) {
    const before = power;
    const turned = made((i, j) => before[j * size + i] as number);
    const more = multiplied(multiplied(power, sum, size), turned, size);
    for (const [at, x] of more.entries()) sum[at] = (sum[at] as number) + x;
    if (!Number.isFinite(trace(sum))) return null;
    if (trace(more) <= 1e-17 * trace(sum)) return sum;
    power = multiplied(power, power, size);
  }
  return null;
};

/** Forecasts, the differences taken back. */
const ahead = (p: Process, phi: readonly number[], state: number[]): number[] => {
  const y = [...p.history];
  for (let h = 1, s = state; h <= horizon; h++, s = moved(phi, s)) {
    let next = p.mean + (s[0] as number);
    for (let i = 1; i < p.differences.length; i++) {
      const c = p.differences[i] as number;
      if (c !== 0) next -= c * (y[y.length - i] as number);
    }
    y.push(next);
  }
  return y.slice(p.history.length);
};

/** Of what is not known of the state at step 1, and of the errors of the steps behind it. */
const errorsAhead = (p: Process, phi: readonly number[], spread: Matrix, variance: number): number[] => {
  const psi = psiWeights({
    autoregressive: product(p.autoregressive, p.differences),
    movingAverage: p.movingAverage,
  });
  // How the state at step 1 weighs in the forecast of each step.
  const weights: number[][] = [];
  let reach: number[] = phi.map((_, i) => (i === 0 ? 1 : 0));
  let later = 0;
  return psi.map((w, h) => {
    const row = [...reach];
    for (let i = 1; i < p.differences.length && i <= h; i++) {
      const c = p.differences[i] as number;
      if (c === 0) continue;
      (weights[h - i] as number[]).forEach((x, j) => {
        row[j] = (row[j] as number) - c * x;
      });
    }
    weights.push(row);
    let sum = later;
    row.forEach((x, i) => {
      if (x === 0) return;
      const line = i * row.length;
      for (let j = 0; j < row.length; j++) sum += x * (row[j] as number) * (spread[line + j] as number);
    });
    later += w * w;
    const first = reach.reduce((s, x, i) => s + x * (phi[i] as number), 0);
    reach = [first, ...reach.slice(0, -1)];
    return Math.sqrt(variance * sum);
  });
};
