/** ExponentialSmoothing: level, trend and season as they were last, carried on. PMML 4.4.1, Time Series. */
import type { Element } from '../../shared/xml.ts';
import type { Document } from '../document.ts';
import { horizon, type Made, made, numbersIn, transformationOf } from './series.ts';

const trends = [
  'additive',
  'damped_additive',
  'multiplicative',
  'damped_multiplicative',
  'polynomial_exponential',
] as const;

interface Smoothing {
  readonly level: number;
  readonly trend: 'none' | Exclude<(typeof trends)[number], 'polynomial_exponential'>;
  readonly slope: number;
  readonly damping: number;
  readonly season: Season | null;
}

interface Season {
  readonly type: 'additive' | 'multiplicative';
  readonly factors: readonly number[];
  readonly phase: number;
}

export const smoothing = (doc: Document, e: Element): Made => {
  const level = doc.child(e, 'Level');
  if (!level) return doc.fail(e, 'pmml/missing-element', 'it needs a Level');
  const trend = doc.child(e, 'Trend_ExpoSmooth');
  const season = doc.child(e, 'Seasonality_ExpoSmooth');
  const kind = trend ? doc.choice(trend, 'trend', trends, 'additive') : 'none';
  if (trend && kind === 'polynomial_exponential') {
    return doc.refuse(trend, 'trend="polynomial_exponential": what its array holds is not settled');
  }
  const model: Smoothing = {
    level: doc.needNumber(level, 'smoothedValue'),
    trend: kind as Smoothing['trend'],
    slope: trend ? doc.needNumber(trend, 'smoothedValue') : 0,
    damping: trend && kind.startsWith('damped') ? (doc.number(trend, 'phi') ?? 1) : 1,
    season: season ? seasonOf(doc, season) : null,
  };
  const rmse = doc.number(e, 'RMSE');
  const weights = { level, trend, season };
  return made(
    {
      values: forecast(model),
      errors: rmse === undefined ? null : errors(doc, model, weights, rmse),
    },
    transformationOf(doc, e),
  );
};

/** The factor of the last value observed is number `phase`, from 1 on; without it the last one of the array. */
const seasonOf = (doc: Document, e: Element): Season => {
  const factors = numbersIn(doc, e);
  const period = doc.needNumber(e, 'period');
  if (period !== factors.length || period < 1) {
    doc.fail(e, 'pmml/array', `it says period="${period}" and holds ${factors.length} factors`);
  }
  const phase = doc.number(e, 'phase') ?? period;
  if (!Number.isInteger(phase) || phase < 0 || phase > period) {
    doc.fail(e, 'pmml/attribute-value', `phase="${phase}" is no season of ${period}`);
  }
  doc.need(e, 'type');
  return { type: doc.choice(e, 'type', ['additive', 'multiplicative'], 'additive'), factors, phase };
};

/** φ + φ² + … + φ^h; h without damping. */
function* damped(damping: number): Generator<number, never> {
  for (let h = 1, sum = 0; ; h++) {
    sum += damping ** h;
    yield sum;
  }
}

const forecast = (s: Smoothing): number[] => {
  const out: number[] = [];
  const along = damped(s.damping);
  for (let h = 1; h <= horizon; h++) {
    const steps = s.trend.startsWith('damped') ? along.next().value : h;
    let value = s.level;
    if (s.trend.endsWith('additive')) value += steps * s.slope;
    else if (s.trend.endsWith('multiplicative')) value *= s.slope ** steps;
    if (s.season) {
      const { factors, phase, type } = s.season;
      const factor = factors[(phase + h - 1) % factors.length] as number;
      value = type === 'additive' ? value + factor : value * factor;
    }
    out.push(value);
  }
  return out;
};

interface Weights {
  readonly level: Element;
  readonly trend: Element | undefined;
  readonly season: Element | undefined;
}

/**
 * An error of size 1 moves the level by alpha, the trend by alpha gamma and the season by delta (1 - alpha), and so every
 * forecast further on (Gardner 1985; the same as the errors of Holt-Winters in R). Known where nothing is multiplied.
 */
const errors = (doc: Document, s: Smoothing, weights: Weights, rmse: number): number[] | null => {
  if (s.trend.endsWith('multiplicative') || s.season?.type === 'multiplicative') return null;
  const alpha = doc.number(weights.level, 'alpha');
  const gamma = weights.trend ? doc.number(weights.trend, 'gamma') : 0;
  const delta = weights.season ? doc.number(weights.season, 'delta') : 0;
  if (alpha === undefined || gamma === undefined || delta === undefined) return null;
  const out: number[] = [];
  const along = damped(s.damping);
  const period = s.season?.factors.length ?? 1;
  let sum = 1;
  for (let h = 1; h <= horizon; h++) {
    out.push(rmse * Math.sqrt(sum));
    const moved = alpha * (1 + gamma * along.next().value) + (h % period === 0 ? delta * (1 - alpha) : 0);
    sum += moved ** 2;
  }
  return out;
};
