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

type Matrix = number[][];

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
  let state = new Array<number>(size).fill(0);
  for (const w of differenced(p)) {
    const gain = (spread[0] as number[]).map((x) => x / ((spread as Matrix)[0] as [number])[0]);
    const surprise = w - p.mean - (state[0] as number);
    state = moved(
      phi,
      state.map((s, i) => s + (gain[i] as number) * surprise),
    );
    spread = filtered(phi, noise, spread, gain);
  }
  return { values: ahead(p, phi, state), errors: (variance) => errorsAhead(p, phi, spread, variance) };
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

/** The covariance a step on, once a value has been seen. */
const filtered = (
  phi: readonly number[],
  noise: readonly number[],
  p: Matrix,
  gain: readonly number[],
): Matrix => {
  const [first] = p as [number[]];
  const seen = p.map((row, i) => row.map((x, j) => x - (gain[i] as number) * (first[j] as number)));
  const [top] = seen as [number[]];
  const corner = top[0] as number;
  return seen.map((_, i) => {
    const [f, below] = [phi[i] as number, seen[i + 1]];
    return noise.map((n, j) => {
      const g = phi[j] as number;
      const right = top[j + 1] ?? 0;
      return (
        f * g * corner + f * right + g * (below?.[0] ?? 0) + (below?.[j + 1] ?? 0) + (noise[i] as number) * n
      );
    });
  });
};

const multiplied = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => {
    const out = new Array<number>(b.length).fill(0);
    row.forEach((x, k) => {
      if (x !== 0) for (let j = 0; j < out.length; j++) out[j] = (out[j] as number) + x * (b[k]?.[j] ?? 0);
    });
    return out;
  });

/** The covariance that stays as it is, by doubling: P = Σ T^k R R' T'^k. */
const stationary = (phi: readonly number[], noise: readonly number[]): Matrix | null => {
  const trace = (m: Matrix) => m.reduce((n, row, i) => n + (row[i] as number), 0);
  let power = phi.map((f, i) => phi.map((_, j) => (j === 0 ? f : 0) + (j === i + 1 ? 1 : 0)));
  let sum = noise.map((x) => noise.map((y) => x * y));
  for (let doubled = 0; doubled < 40; doubled++) {
    const turned = power.map((_, i) => power.map((row) => row[i] as number));
    const more = multiplied(multiplied(power, sum), turned);
    sum = sum.map((row, i) => row.map((x, j) => x + (more[i]?.[j] as number)));
    if (!Number.isFinite(trace(sum))) return null;
    if (trace(more) <= 1e-17 * trace(sum)) return sum;
    power = multiplied(power, power);
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
      const line = spread[i] as number[];
      for (let j = 0; j < row.length; j++) sum += x * (row[j] as number) * (line[j] as number);
    });
    later += w * w;
    const first = reach.reduce((s, x, i) => s + x * (phi[i] as number), 0);
    reach = [first, ...reach.slice(0, -1)];
    return Math.sqrt(variance * sum);
  });
};
