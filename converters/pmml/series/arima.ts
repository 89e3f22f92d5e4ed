/**
 * ARIMA: `φ(B) Φ(B^s) [(1 - B)^d (1 - B^s)^D (y - x) - μ] = θ(B) Θ(B^s) e` with `φ(B) = 1 - φ1 B - …` and
 * `θ(B) = 1 + θ1 B + …`, y being the transformed series, x what outliers and regressors add to it, μ the constant term.
 * PMML 4.4.1, Time Series; signs as R's package pmml and Nyoka write them.
 */
import type { Element } from '../../shared/xml.ts';
import type { Document, Tag } from '../document.ts';
import {
  type Arma,
  armaErrors,
  armaForecast,
  difference,
  lagPolynomial,
  product,
  psiWeights,
  valueAt,
} from './arma.ts';
import { addition, outliers, regressors } from './effects.ts';
import { exactForecast, type Process, stateOf } from './exact.ts';
import {
  countOf,
  type Forecast,
  type Made,
  mostLags,
  optionalNumbers,
  type Series,
  transformationOf,
  transformed,
} from './series.ts';

const methods = ['conditionalLeastSquares', 'exactLeastSquares'] as const;

/** Coefficients and residuals of AR and MA, which must be as many as the orders say. */
export const armaParts = (doc: Document, e: Element | undefined, orders: readonly [p: string, q: string]) => {
  const ma = e && doc.child(e, 'MA');
  const ar = e && doc.child(e, 'AR');
  const of = {
    ar: optionalNumbers(doc, ar),
    ma: optionalNumbers(doc, ma && doc.child(ma, 'MACoefficients')),
    residuals: optionalNumbers(doc, ma && doc.child(ma, 'Residuals')),
  };
  for (const [name, list] of [
    [orders[0], of.ar],
    [orders[1], of.ma],
  ] as const) {
    const said = countOf(doc, e, name);
    if (e && said !== list.length) {
      doc.fail(e, 'pmml/array', `it says ${name}="${said}" and holds ${list.length} coefficients`);
    }
  }
  return of;
};

/** Is there as much of the past as the model looks back? */
export const reaching = (doc: Document, e: Tag, model: Arma): void => {
  for (const [what, has, wants] of [
    ['values in the TimeSeries', model.history.length, model.autoregressive.length - 1],
    ['Residuals', model.residuals.length, model.movingAverage.length - 1],
  ] as const) {
    if (has < wants)
      doc.fail(e, 'pmml/no-series', `it looks back ${wants} steps, and there are ${has} ${what}`);
  }
};

export const arima = (doc: Document, e: Element, observed: Series): Made => {
  const [plain, seasonal] = [doc.child(e, 'NonseasonalComponent'), doc.child(e, 'SeasonalComponent')];
  const period = seasonal ? countOf(doc, seasonal, 'period') : 1;
  if (period < 1) doc.fail(seasonal ?? e, 'pmml/attribute-value', 'period="0" is no season');
  const one = armaParts(doc, plain, ['p', 'q']);
  const other = armaParts(doc, seasonal, ['P', 'Q']);
  const [d, D] = [countOf(doc, plain, 'd'), countOf(doc, seasonal, 'D')];
  const lags =
    one.ar.length + d + (other.ar.length + D) * period + (one.ma.length + other.ma.length * period);
  if (lags > mostLags) doc.fail(e, 'pmml/too-large', `${lags} lags are too many`);
  const stationary = product(lagPolynomial(one.ar, 1, -1), lagPolynomial(other.ar, period, -1));
  const differences = product(difference(1, d), difference(period, D));
  const polynomials = {
    autoregressive: product(stationary, differences),
    movingAverage: product(lagPolynomial(one.ma, 1, 1), lagPolynomial(other.ma, period, 1)),
  };
  const transformation = transformationOf(doc, e);

  const added = regressors(doc, e, observed, { plain: d, seasonal: D });
  const effects = [...outliers(doc, e, observed, seasonal ? period : 1, polynomials), ...added.effects];
  const x = addition(doc, e, effects, observed.values.length);
  // What is added is known from some place on: the noise of the model is.
  const history = observed.values
    .map((y) => transformed(doc, e, y, transformation))
    .slice(observed.values.length - x.past.length)
    .map((y, i) => y - (x.past[i] as number));
  const mean = doc.number(e, 'constantTerm') ?? 0;
  const rmse = doc.number(e, 'RMSE');
  const variance = rmse === undefined ? undefined : rmse * rmse;
  const forecast =
    doc.choice(e, 'predictionMethod', methods, 'conditionalLeastSquares') === 'exactLeastSquares'
      ? exact(
          doc,
          e,
          {
            autoregressive: stationary,
            movingAverage: polynomials.movingAverage,
            differences,
            mean,
            history,
          },
          variance,
        )
      : conditional(
          doc,
          e,
          {
            ...polynomials,
            constant: mean * valueAt(stationary, 1),
            history,
            residuals: [one.residuals, other.residuals].sort((a, b) => b.length - a.length)[0] as number[],
          },
          variance,
        );
  return {
    forecast: { ...forecast, values: x.ahead.map((effect, h) => effect + (forecast.values[h] as number)) },
    transformation,
    supplied: added.supplied,
    regressors: added.fields,
  };
};

const conditional = (doc: Document, e: Tag, model: Arma, variance: number | undefined): Forecast => {
  reaching(doc, e, model);
  return {
    values: armaForecast(model),
    errors: variance === undefined ? null : armaErrors(psiWeights(model), variance),
  };
};

/** The work of filtering that is still done: values of the series x square of the state. */
const mostWork = 2e8;
const mostStates = 200;

/** What MaximumLikelihoodStat holds is a step on the way to these forecasts; they follow from the series itself. */
const exact = (doc: Document, e: Tag, process: Process, variance: number | undefined): Forecast => {
  const needed = process.differences.length + process.autoregressive.length - 1;
  if (process.history.length < needed) {
    doc.fail(
      e,
      'pmml/no-series',
      `exact least squares forecasts from the whole TimeSeries, and there are ${process.history.length} values`,
    );
  }
  const size = stateOf(process);
  if (size > mostStates || process.history.length * size * size > mostWork) {
    doc.fail(e, 'pmml/too-large', `${size} lags over ${process.history.length} values are too many`);
  }
  const found = exactForecast(process);
  if (!found) {
    return doc.fail(e, 'pmml/attribute-value', 'its autoregressive part is not stationary');
  }
  return { values: found.values, errors: variance === undefined ? null : found.errors(variance) };
};
