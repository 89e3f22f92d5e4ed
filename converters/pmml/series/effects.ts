/**
 * What outliers and regressors add to a series at each place, 0 being the last value observed and 1 the first step ahead.
 * PMML 4.4.1, Time Series: OutlierEffect, DynamicRegressor.
 */
import type { Element } from '../../shared/xml.ts';
import { type Document, parts } from '../document.ts';
import { type Arma, psiWeights } from './arma.ts';
import {
  countOf,
  horizon,
  numbersIn,
  placeOf,
  type Series,
  type Supplied,
  timeOf,
  transformationOf,
  transformed,
  valuesOf,
} from './series.ts';

/** undefined: not known. */
export type Effect = (place: number) => number | undefined;

/** Sums and powers beyond this are refused: outliers and regressors, each at every place. */
const mostWork = 1e8;

/** All of them together: of the past as far back as they are known, and of the steps ahead as far as they are. */
export const addition = (doc: Document, e: Element, effects: readonly Effect[], observed: number) => {
  if (effects.length * (observed + horizon) > mostWork)
    doc.fail(e, 'pmml/too-large', `${effects.length} outliers and regressors are too many`);
  const at = (place: number): number | undefined => {
    let sum = 0;
    for (const effect of effects) {
      const x = effect(place);
      if (x === undefined) return undefined;
      sum += x;
    }
    return sum;
  };
  const run = (from: number, step: 1 | -1, count: number): number[] => {
    const out: number[] = [];
    for (let i = 0; i < count; i++) {
      const x = at(from + step * i);
      if (x === undefined) break;
      out.push(x);
    }
    return out;
  };
  const ahead = run(1, 1, horizon);
  if (ahead.length === 0) doc.fail(e, 'pmml/no-series', 'its regressors are known for no step ahead');
  return { past: run(0, -1, observed).reverse(), ahead };
};

const kinds = ['additive', 'level', 'transient', 'seasonalAdditive', 'trend', 'innovational'] as const;

/**
 * An impulse at the start, taken through 1, 1/(1 - B), 1/(1 - δ B), 1/(1 - B^s), 1/(1 - B)² or, as an error of the model
 * itself, m(B)/a(B) (Chen and Liu 1993).
 */
export const outliers = (
  doc: Document,
  owner: Element,
  observed: Series,
  period: number,
  polynomials: Pick<Arma, 'autoregressive' | 'movingAverage'>,
): Effect[] => {
  const count = observed.values.length + horizon;
  let known: readonly number[] | undefined;
  const psi = (e: Element): readonly number[] => {
    const lags = polynomials.autoregressive.filter((a) => a !== 0).length;
    if (lags * count > mostWork)
      doc.fail(e, 'pmml/too-large', `${lags} lags over ${count} steps are too many`);
    known ??= psiWeights(polynomials, count);
    return known;
  };
  return owner.children
    .filter((c) => c.name === 'OutlierEffect')
    .map((e): Effect => {
      doc.need(e, 'type');
      const kind = doc.choice(e, 'type', kinds, 'additive');
      const start = placeOf(doc, e, doc.needNumber(e, 'startTime'), observed);
      if (start > 0 || start <= -observed.values.length) {
        doc.fail(e, 'pmml/attribute-value', 'its startTime is no time of the TimeSeries');
      }
      const size = doc.needNumber(e, 'magnitude');
      const damping = kind === 'transient' ? doc.needNumber(e, 'dampingCoefficient') : 1;
      const weights = kind === 'innovational' ? psi(e) : [];
      return (place) => {
        const since = place - start;
        if (since < 0) return 0;
        switch (kind) {
          case 'additive':
            return since === 0 ? size : 0;
          case 'level':
            return size;
          case 'transient':
            return size * damping ** since;
          case 'seasonalAdditive':
            return since % period === 0 ? size : 0;
          case 'trend':
            return size * (since + 1);
          case 'innovational':
            return size * (weights[since] as number);
        }
      };
    });
};

const futures = ['constant', 'trend', 'stored', 'otherModel', 'userSupplied'] as const;

/** How often the series is differenced, step by step and season by season. */
interface Differences {
  readonly plain: number;
  readonly seasonal: number;
}

/** The DynamicRegressors of a model. */
export const regressors = (doc: Document, owner: Element, observed: Series, differences: Differences) => {
  const effects: Effect[] = [];
  const supplied: Supplied[] = [];
  const fields = new Set<string>();
  for (const e of owner.children.filter((c) => c.name === 'DynamicRegressor')) {
    const coefficient = coefficientOf(doc, e, differences);
    const transformation = transformationOf(doc, e);
    const delay = countOf(doc, e, 'delay');
    const future = doc.choice(e, 'futureValuesMethod', futures, 'constant');
    if (future === 'trend' || future === 'otherModel') {
      doc.refuse(e, `futureValuesMethod="${future}": where the values ahead come from is not settled`);
    }
    const field = doc.need(e, 'field');
    fields.add(field);
    if (future === 'userSupplied') {
      if (delay > 0) doc.refuse(e, 'a row holds the value of its own step, and the delay asks for another');
      supplied.push({ tag: e, field, coefficient, transformation });
    }
    const known = new Map<number, number>();
    for (const value of series(doc, e)) {
      const time = timeOf(doc, value);
      if (time === undefined) doc.fail(value, 'pmml/missing-attribute', 'it needs an index or a time');
      const x = transformed(doc, e, doc.needNumber(value, 'value'), transformation);
      known.set(placeOf(doc, value, time as number, observed), coefficient * x);
    }
    const last = [...known.keys()].reduce((a, b) => Math.max(a, b), -Infinity);
    effects.push((place) => {
      const at = place - delay;
      if (future === 'userSupplied' && place > 0) return 0;
      return known.get(future === 'constant' && at > last ? last : at);
    });
  }
  return { effects, supplied, fields };
};

const series = (doc: Document, e: Element): Element[] => {
  const values = doc.child(e, 'RegressorValues');
  const element = values && doc.child(values, 'TimeSeries');
  return element ? valuesOf(element) : [];
};

/** The one coefficient of a regressor that is differenced as the series is: then it is added to the series itself. */
const coefficientOf = (doc: Document, e: Element, differences: Differences): number => {
  const numerator = doc.child(e, 'Numerator');
  const plain = numerator && doc.child(numerator, 'NonseasonalFactor');
  if (!plain) return doc.fail(e, 'pmml/missing-element', 'it needs a Numerator with a NonseasonalFactor');
  const seasonal = doc.child(numerator, 'SeasonalFactor');
  const denominator = doc.child(e, 'Denominator');
  const [coefficient, ...rest] = numbersIn(doc, plain);
  if (coefficient === undefined)
    return doc.fail(plain, 'pmml/array', 'its array has no coefficient of the regressor');
  const others = [...(seasonal ? [seasonal] : []), ...(denominator ? parts(denominator) : [])];
  if (rest.length > 0 || others.some((f) => numbersIn(doc, f).length > 0)) {
    doc.refuse(e, 'a transfer function of more than one coefficient: signs and first values are not settled');
  }
  const [d, D] = [countOf(doc, plain, 'difference'), seasonal ? countOf(doc, seasonal, 'difference') : 0];
  if (d !== differences.plain || D !== differences.seasonal) {
    doc.refuse(e, 'a regressor that is differenced in another way than the series');
  }
  return coefficient;
};
