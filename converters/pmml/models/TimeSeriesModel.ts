/**
 * Forecasts from the state that the document holds. The one input is the step ahead; what the model says of each step is
 * worked out once and looked up. PMML 4.4.1, Time Series.
 */
import { attr } from '../../../src/ir/attributes.ts';
import { tensorType, type Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { arrayNumbers } from '../arrays.ts';
import type { Document, Tag } from '../document.ts';
import {
  type Arma,
  armaErrors,
  armaForecast,
  difference,
  type Forecast,
  garchVariances,
  lagPolynomial,
  product,
  psiWeights,
  type Smoothing,
  type StateSpace,
  smoothingForecast,
  stateSpaceForecast,
  valueAt,
} from '../forecast.ts';
import { matrixIn } from '../matrix.ts';
import { isTarget, type MiningField } from '../miningSchema.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Further, regression } from '../prediction.ts';
import { normalQuantile } from '../special.ts';

/** Steps further ahead than this have no result. */
const horizon = 4096;

/** Lags further back than this are refused. */
const mostLags = 10_000;

const algorithms = [
  'ARIMA',
  'ExponentialSmoothing',
  'SeasonalTrendDecomposition',
  'SpectralAnalysis',
  'StateSpaceModel',
  'GARCH',
] as const;

const transformations = ['none', 'logarithmic', 'squareroot'] as const;
type Transformation = (typeof transformations)[number];

/** The series as it was observed: values in order, and the time of the last one with the step between two. */
interface Series {
  readonly values: readonly number[];
  readonly last: number | undefined;
  readonly step: number;
}

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag } = m;
  const { doc } = world;
  const found = new Map<string, Element>();
  const series: Element[] = [];
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (child.name === 'TimeSeries') series.push(cursor.element(child));
    else if (algorithms.some((name) => name === child.name)) found.set(child.name, cursor.element(child));
    else if (!m.part(cursor, child)) doc.refuse(child);
  }
  doc.need(tag, 'bestFit');
  const best = doc.choice(tag, 'bestFit', algorithms, 'ARIMA');
  const element = found.get(best);
  if (!element)
    return doc.fail(tag, 'pmml/missing-element', `bestFit="${best}", and there is no such element`);
  const observed = readSeries(doc, series);
  const { forecast, transformation } = forecastOf(doc, element, observed);
  return done(m, () => m.result(predictionOf(m, forecast, transformation, stepOf(m, observed))));
};

// The series

const readSeries = (doc: Document, elements: readonly Element[]): Series => {
  // `logical` is the original at even distances.
  const element =
    elements.find((e) => doc.text(e, 'usage') === 'logical') ??
    elements.find(
      (e) => doc.choice(e, 'usage', ['original', 'logical', 'prediction'], 'original') === 'original',
    );
  if (!element) return { values: [], last: undefined, step: 1 };
  const points = element.children.filter((c) => c.name === 'TimeValue');
  const times = points.map((p) => doc.number(p, 'time') ?? doc.number(p, 'index'));
  const [before, last] = [times.at(-2), times.at(-1) ?? doc.number(element, 'endTime')];
  return {
    values: points.map((p) => doc.needNumber(p, 'value')),
    last,
    step: before === undefined || last === undefined || last === before ? 1 : last - before,
  };
};

/** The step ahead, from whichever field asks for it: a number of steps, or a point in time. */
const stepOf = (m: Model, observed: Series): Value => {
  const { world, scope, tag } = m;
  const { a, doc } = world;
  const numeric = (f: MiningField) => {
    const type = world.fields.get(f.name)?.dataType;
    return !isTarget(f) && type !== undefined && type !== 'string' && type !== 'boolean';
  };
  const asked = (usage: MiningField['usage']) => m.fields.filter((f) => f.usage === usage && numeric(f));
  const order = asked('order')[0];
  const steps = asked('active');
  const [only = steps.length === 0 && !order ? asked('supplementary')[0] : undefined] = steps;
  if (steps.length > 1) {
    return doc.refuse((steps[1] as MiningField).tag, 'more than one field that could be the step ahead');
  }
  if (only) {
    world.steps.add(only.name);
    return only.usage === 'active'
      ? scope.read(only.name, only.tag).value
      : a.cast(world.input(only.name, only.tag).value, scope.real);
  }
  if (order) {
    if (observed.last === undefined) {
      doc.fail(order.tag, 'pmml/no-series', 'a point in time needs a TimeSeries to be ahead of');
    }
    const time = scope.read(order.name, order.tag).value;
    const k = (x: number) => a.constant(scope.real, x);
    return a.div(a.sub(time, k(observed.last as number)), k(observed.step));
  }
  if (m.around) return doc.refuse(tag, 'a time series inside another model must name the field of its step');
  const value = world.special('horizon', tensorType('float64', ['N', 1], 'missing'), (v) => [
    {
      name: 'horizon',
      role: 'input',
      value: v,
      optype: 'continuous',
      logical: 'integer',
      step: true,
      intervals: [{ low: 1, high: horizon, closure: 'cc' }],
    },
  ]);
  return a.cast(value, scope.real);
};

// What is forecast

interface Made {
  readonly forecast: Forecast;
  readonly transformation: Transformation;
}

const forecastOf = (doc: Document, e: Element, observed: Series): Made => {
  switch (e.name) {
    case 'ExponentialSmoothing':
      return smoothing(doc, e);
    case 'ARIMA':
      return arima(doc, e, observed);
    case 'GARCH':
      return { forecast: garch(doc, e, observed), transformation: 'none' };
    case 'StateSpaceModel':
      return { forecast: stateSpace(doc, e), transformation: 'none' };
    default:
      return doc.refuse(e, 'the specification gives this algorithm no content and no forecast');
  }
};

const smoothing = (doc: Document, e: Element): Made => {
  const level = doc.child(e, 'Level');
  if (!level) return doc.fail(e, 'pmml/missing-element', 'it needs a Level');
  const trend = doc.child(e, 'Trend_ExpoSmooth');
  const season = doc.child(e, 'Seasonality_ExpoSmooth');
  const kind = trend
    ? doc.choice(
        trend,
        'trend',
        ['additive', 'damped_additive', 'multiplicative', 'damped_multiplicative', 'polynomial_exponential'],
        'additive',
      )
    : 'none';
  if (kind === 'polynomial_exponential') {
    return doc.refuse(
      trend as Element,
      'trend="polynomial_exponential": what its array holds is not settled',
    );
  }
  const model: Smoothing = {
    level: doc.needNumber(level, 'smoothedValue'),
    trend: kind,
    slope: trend ? doc.needNumber(trend, 'smoothedValue') : 0,
    damping: trend && kind.startsWith('damped') ? (doc.number(trend, 'phi') ?? 1) : 1,
    season: season ? seasonOf(doc, season) : null,
  };
  return {
    forecast: { values: smoothingForecast(model, horizon), errors: null },
    transformation: doc.choice(e, 'transformation', transformations, 'none'),
  };
};

/** The factor of the last value observed is number `phase`, from 1 on; without it the last one of the array. */
const seasonOf = (doc: Document, e: Element): Smoothing['season'] => {
  const factors = numbersIn(doc, e);
  const period = doc.needNumber(e, 'period');
  if (period !== factors.length || period < 1) {
    doc.fail(e, 'pmml/array', `it says period="${period}" and holds ${factors.length} factors`);
  }
  const phase = doc.number(e, 'phase') ?? period;
  if (!Number.isInteger(phase) || phase < 0 || phase > period) {
    doc.fail(e, 'pmml/attribute-value', `phase="${phase}" is no season of ${period}`);
  }
  return { type: doc.choice(e, 'type', ['additive', 'multiplicative'], 'additive'), factors, phase };
};

const numbersIn = (doc: Document, e: Element): number[] => {
  const array = doc.child(e, 'Array');
  return array ? arrayNumbers(doc, array) : doc.fail(e, 'pmml/missing-element', 'it holds no Array');
};

const optionalNumbers = (doc: Document, e: Element | undefined): number[] => (e ? numbersIn(doc, e) : []);

const countOf = (doc: Document, e: Element | undefined, name: string): number => {
  const n = (e && doc.number(e, name)) ?? 0;
  if (e && !(Number.isInteger(n) && n >= 0 && n <= mostLags)) {
    doc.fail(e, 'pmml/attribute-value', `${name}="${n}" is no number of lags`);
  }
  return n;
};

/** Coefficients and residuals of AR and MA, which must be as many as the orders say. */
const armaParts = (doc: Document, e: Element | undefined, orders: readonly [p: string, q: string]) => {
  const ma = e && doc.child(e, 'MA');
  const ar = optionalNumbers(doc, e && doc.child(e, 'AR'));
  const coefficients = optionalNumbers(doc, ma && doc.child(ma, 'MACoefficients'));
  for (const [name, list] of [
    [orders[0], ar],
    [orders[1], coefficients],
  ] as const) {
    const said = countOf(doc, e, name);
    if (e && said !== list.length) {
      doc.fail(e, 'pmml/array', `it says ${name}="${said}" and holds ${list.length} coefficients`);
    }
  }
  return { ar, ma: coefficients, residuals: optionalNumbers(doc, ma && doc.child(ma, 'Residuals')) };
};

/**
 * `φ(B) Φ(B^s) [(1 - B)^d (1 - B^s)^D y - μ] = θ(B) Θ(B^s) e` with `φ(B) = 1 - φ1 B - …` and `θ(B) = 1 + θ1 B + …`, μ being
 * the constant term.
 */
const arima = (doc: Document, e: Element, observed: Series): Made => {
  const method = doc.choice(
    e,
    'predictionMethod',
    ['conditionalLeastSquares', 'exactLeastSquares'],
    'conditionalLeastSquares',
  );
  if (method === 'exactLeastSquares') {
    doc.refuse(
      doc.child(e, 'MaximumLikelihoodStat') ?? e,
      'forecasts by exact least squares are not supported',
    );
  }
  for (const name of ['DynamicRegressor', 'OutlierEffect']) {
    const part = doc.child(e, name);
    if (part) doc.refuse(part);
  }
  const [plain, seasonal] = [doc.child(e, 'NonseasonalComponent'), doc.child(e, 'SeasonalComponent')];
  const period = seasonal ? countOf(doc, seasonal, 'period') : 1;
  if (period < 1) doc.fail(seasonal ?? e, 'pmml/attribute-value', 'period="0" is no season');
  const one = armaParts(doc, plain, ['p', 'q']);
  const other = armaParts(doc, seasonal, ['P', 'Q']);
  const lags =
    one.ar.length +
    countOf(doc, plain, 'd') +
    (other.ar.length + countOf(doc, seasonal, 'D')) * period +
    (one.ma.length + other.ma.length * period);
  if (lags > mostLags) doc.fail(e, 'pmml/too-large', `${lags} lags are too many`);
  const stationary = product(lagPolynomial(one.ar, 1, -1), lagPolynomial(other.ar, period, -1));
  const differences = product(
    difference(1, countOf(doc, plain, 'd')),
    difference(period, countOf(doc, seasonal, 'D')),
  );
  const transformation = doc.choice(e, 'transformation', transformations, 'none');
  const residuals = [one.residuals, other.residuals].sort((a, b) => b.length - a.length)[0] as number[];
  const model: Arma = {
    autoregressive: product(stationary, differences),
    movingAverage: product(lagPolynomial(one.ma, 1, 1), lagPolynomial(other.ma, period, 1)),
    constant: (doc.number(e, 'constantTerm') ?? 0) * valueAt(stationary, 1),
    history: observed.values.map((y) => transformed(doc, e, y, transformation)),
    residuals,
  };
  return { forecast: armaOf(doc, e, model, doc.number(e, 'RMSE')), transformation };
};

const transformed = (doc: Document, e: Tag, y: number, by: Transformation): number => {
  if (by === 'none') return y;
  const out = by === 'logarithmic' ? Math.log(y) : Math.sqrt(y);
  return Number.isFinite(out) ? out : doc.fail(e, 'pmml/attribute-value', `${by} of ${y} is no number`);
};

/** Is there as much of the past as the model looks back? */
const reaching = (doc: Document, e: Tag, model: Arma): void => {
  for (const [what, has, wants] of [
    ['values in the TimeSeries', model.history.length, model.autoregressive.length - 1],
    ['Residuals', model.residuals.length, model.movingAverage.length - 1],
  ] as const) {
    if (has < wants)
      doc.fail(e, 'pmml/no-series', `it looks back ${wants} steps, and there are ${has} ${what}`);
  }
};

const armaOf = (doc: Document, e: Tag, model: Arma, rmse: number | undefined): Forecast => {
  reaching(doc, e, model);
  const errors = rmse === undefined ? null : armaErrors(psiWeights(model, horizon), rmse * rmse);
  return { values: armaForecast(model, horizon), errors };
};

/** `φ(B) y = c + θ(B) e`, and the variance of e follows its own squares and itself. */
const garch = (doc: Document, e: Element, observed: Series): Forecast => {
  const [mean, variance] = [doc.child(e, 'ARMAPart'), doc.child(e, 'GARCHPart')];
  if (!mean || !variance) return doc.fail(e, 'pmml/missing-element', 'it needs an ARMAPart and a GARCHPart');
  const parts = armaParts(doc, mean, ['p', 'q']);
  const model: Arma = {
    autoregressive: lagPolynomial(parts.ar, 1, -1),
    movingAverage: lagPolynomial(parts.ma, 1, 1),
    constant: doc.number(mean, 'constant') ?? 0,
    history: observed.values,
    residuals: parts.residuals,
  };
  reaching(doc, mean, model);
  const inside = (name: string, part: string) => {
    const owner = doc.child(variance, name);
    return optionalNumbers(doc, owner && doc.child(owner, part));
  };
  const [squares, residuals] = ['MACoefficients', 'Residuals'].map((p) =>
    inside('ResidualSquareCoefficients', p),
  );
  const [variances, past] = ['MACoefficients', 'PastVariances'].map((p) => inside('VarianceCoefficients', p));
  const g = {
    constant: doc.number(variance, 'constant') ?? 0,
    squares: squares as number[],
    variances: variances as number[],
    residuals: residuals as number[],
    past: past as number[],
  };
  if (g.residuals.length < g.squares.length || g.past.length < g.variances.length) {
    doc.fail(variance, 'pmml/no-series', 'it looks further back than its Residuals and PastVariances reach');
  }
  const ahead = garchVariances(g, horizon);
  const psi = psiWeights(model, horizon);
  // Beyond the weights that still matter nothing is added.
  const reach = psi.findLastIndex((w) => w !== 0) + 1;
  const errors = ahead.map((_, h) => {
    let sum = 0;
    for (let j = 0; j <= h && j < reach; j++) sum += (psi[j] as number) ** 2 * (ahead[h - j] as number);
    return Math.sqrt(sum);
  });
  return { values: armaForecast(model, horizon), errors };
};

/**
 * `y = Z s + d`, `s' = T s + c`, the StateVector being the state at the first step ahead. Covariances as R's package pmml
 * writes them: PredictedStateCovarianceMatrix of the state last observed, all in units of `variance`.
 */
const stateSpace = (doc: Document, e: Element): Forecast => {
  const need = (name: string): Element =>
    doc.child(e, name) ?? doc.fail(e, 'pmml/missing-element', `it needs a ${name}`);
  for (const name of ['DynamicRegressor', 'PsiVector']) {
    const part = doc.child(e, name);
    if (part) doc.refuse(part);
  }
  const state = numbersIn(doc, need('StateVector'));
  const size = state.length;
  if (size > 512) doc.fail(need('StateVector'), 'pmml/too-large', `a state of ${size} numbers is too large`);
  const square = (element: Element): number[][] => {
    const matrix = matrixIn(doc, element);
    const fits = matrix.length === size && matrix.every((row) => row.length === size);
    return fits
      ? matrix
      : doc.fail(element, 'pmml/matrix', `it is not ${size} x ${size}, as the StateVector is`);
  };
  const measurement = matrixIn(doc, need('MeasurementMatrix')).flat();
  if (measurement.length !== size) {
    doc.fail(need('MeasurementMatrix'), 'pmml/matrix', `it is not 1 x ${size}, as the StateVector is`);
  }
  const vector = doc.child(e, 'InterceptVector');
  const intercepts = optionalNumbers(doc, vector);
  const ofState =
    vector !== undefined && doc.choice(vector, 'type', ['state', 'observation'], 'state') === 'state';
  if (vector && intercepts.length !== (ofState ? size : 1)) {
    doc.fail(
      vector,
      'pmml/array',
      `it has ${intercepts.length} values where ${ofState ? size : 1} are needed`,
    );
  }
  const [covariance, selected, observation] = [
    'PredictedStateCovarianceMatrix',
    'SelectedStateCovarianceMatrix',
    'ObservationVarianceMatrix',
  ].map((name) => doc.child(e, name));
  const variance = doc.number(e, 'variance');
  const model: StateSpace = {
    state,
    transition: square(need('TransitionMatrix')),
    measurement,
    stateIntercept: ofState ? intercepts : [],
    intercept: (doc.number(e, 'intercept') ?? 0) + (ofState ? 0 : (intercepts[0] ?? 0)),
    errors:
      covariance && selected && variance !== undefined
        ? {
            variance,
            covariance: square(covariance),
            selected: square(selected),
            observation: observation ? (matrixIn(doc, observation)[0]?.[0] ?? 0) : 0,
          }
        : null,
  };
  return stateSpaceForecast(model, horizon);
};

// What is shown

/** Missing where the step is no whole number from 1 to the horizon. */
const predictionOf = (m: Model, { values, errors }: Forecast, by: Transformation, step: Value) => {
  const { scope, world } = m;
  const { a, doc } = world;
  const x = a.fill(step);
  const inside = a.and(
    a.and(a.b.op('GreaterOrEqual', [x, a.like(step, 1)]), a.b.op('LessOrEqual', [x, a.like(step, horizon)])),
    a.b.op('Equal', [a.b.op('Floor', [x]), x]),
  );
  const none = a.or(a.missing(step), a.not(inside));
  const index = a.b.op('Cast', [a.where(inside, a.b.op('Sub', [x, a.like(step, 1)]), a.like(step, 0))], {
    to: attr.int(7),
  });
  const column = (list: readonly number[], stem: string) =>
    a.pick(a.table(constant(scope.real, list), stem), index, none);
  const back = (v: Value): Value => {
    if (by === 'none') return v;
    return by === 'logarithmic' ? a.lift('Exp', [v]) : a.mul(v, v);
  };
  const forecast = column(values, 'forecasts');
  const further = (element: Element, feature: string, level: string | undefined): Further | null => {
    if (!['standardError', 'confidenceIntervalLower', 'confidenceIntervalUpper'].includes(feature))
      return null;
    if (errors === null) {
      return doc.refuse(element, `feature="${feature}": the document does not say how large the errors are`);
    }
    const error = column(errors, 'errors');
    if (feature === 'standardError') return { value: error, dataType: 'double' };
    const percent = level === undefined ? 95 : doc.parseNumber(element, level, 'value');
    if (!(percent > 0 && percent < 100)) {
      doc.fail(element, 'pmml/attribute-value', `value="${level}" is no percentage between 0 and 100`);
    }
    const width = a.mul(error, normalQuantile(a, a.like(error, (1 + percent / 100) / 2)));
    const edge = feature === 'confidenceIntervalLower' ? a.sub(forecast, width) : a.add(forecast, width);
    return { value: back(edge), dataType: 'double' };
  };
  return {
    ...regression(back(forecast)),
    further: (ask: {
      readonly element: Element;
      readonly feature: string;
      readonly value: string | undefined;
    }) => further(ask.element, ask.feature, ask.value),
  };
};

export const timeSeriesModel: ModelElement = {
  name: 'TimeSeriesModel',
  functions: ['timeSeries'],
  groups: true,
  read,
};
