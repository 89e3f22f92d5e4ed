/**
 * Forecasts from the state that the document holds. The one input is the step ahead; what the model says of each step is
 * worked out once and looked up. PMML 4.4.1, Time Series.
 */
import { attr } from '../../../src/ir/attributes.ts';
import { tensorType, type Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { asReal } from '../convert.ts';
import type { Document } from '../document.ts';
import { isTarget, type MiningField } from '../miningSchema.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Further, regression } from '../prediction.ts';
import { arima } from '../series/arima.ts';
import { garch } from '../series/garch.ts';
import { horizon, type Made, readSeries, type Series, type Supplied } from '../series/series.ts';
import { smoothing } from '../series/smoothing.ts';
import { stateSpace } from '../series/stateSpace.ts';
import { normalQuantile } from '../special.ts';
import { kindOf } from '../types.ts';

const algorithms = [
  'ARIMA',
  'ExponentialSmoothing',
  'SeasonalTrendDecomposition',
  'SpectralAnalysis',
  'StateSpaceModel',
  'GARCH',
] as const;

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
  const observed = readSeries(doc, series, m.target);
  const made = forecastOf(doc, element, observed);
  return done(m, () => m.result(predictionOf(m, made, stepOf(m, observed, made.regressors))));
};

/** The step ahead, from whichever field asks for it: a number of steps, or a point in time. */
const stepOf = (m: Model, observed: Series, regressors: ReadonlySet<string>): Value => {
  const { world, scope, tag } = m;
  const { a, doc } = world;
  const asked = (usage: MiningField['usage'], types: RegExp = /^(integer|float|double)$/) =>
    m.fields.filter(
      (f) =>
        f.usage === usage &&
        !isTarget(f) &&
        !regressors.has(f.name) &&
        types.test(world.fields.get(f.name)?.dataType ?? ''),
    );
  // Dates are no numbers of the TimeSeries' clock; those that count from a year on are.
  const [order] = asked('order', /^(integer|float|double|.*Since\[.*\])$/);
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

const forecastOf = (doc: Document, e: Element, observed: Series): Made => {
  switch (e.name) {
    case 'ExponentialSmoothing':
      return smoothing(doc, e);
    case 'ARIMA':
      return arima(doc, e, observed);
    case 'GARCH':
      return garch(doc, e, observed);
    case 'StateSpaceModel':
      return stateSpace(doc, e, observed);
    default:
      return doc.refuse(
        e,
        'the specification names this algorithm for later versions and gives it no content',
      );
  }
};

// What is shown

/** Missing where the step is no whole number, or further ahead than is known. */
const predictionOf = (m: Model, { forecast, transformation: by, supplied }: Made, step: Value) => {
  const { scope, world } = m;
  const { a, doc } = world;
  const { values, errors } = forecast;
  const x = a.fill(step);
  const inside = a.and(
    a.and(
      a.b.op('GreaterOrEqual', [x, a.like(step, 1)]),
      a.b.op('LessOrEqual', [x, a.like(step, values.length)]),
    ),
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
  const expected = supplied.reduce(
    (sum, s) => a.add(sum, a.mul(suppliedBy(m, s), a.constant(scope.real, s.coefficient))),
    column(values, 'forecasts'),
  );
  const further = (element: Element, feature: string, level: string | undefined): Further | null => {
    if (!['standardError', 'confidenceIntervalLower', 'confidenceIntervalUpper'].includes(feature))
      return null;
    if (errors === null) {
      return doc.refuse(element, `feature="${feature}": the document does not say how large the errors are`);
    }
    const error = column(errors.slice(0, values.length), 'errors');
    if (feature === 'standardError') return { value: error, dataType: 'double' };
    const percent = level === undefined ? 95 : doc.parseNumber(element, level, 'value');
    if (!(percent > 0 && percent < 100)) {
      doc.fail(element, 'pmml/attribute-value', `value="${level}" is no percentage between 0 and 100`);
    }
    const width = a.mul(error, normalQuantile(a, a.like(error, (1 + percent / 100) / 2)));
    const edge = feature === 'confidenceIntervalLower' ? a.sub(expected, width) : a.add(expected, width);
    return { value: back(edge), dataType: 'double' };
  };
  return {
    ...regression(back(expected)),
    further: (ask: {
      readonly element: Element;
      readonly feature: string;
      readonly value: string | undefined;
    }) => further(ask.element, ask.feature, ask.value),
  };
};

/** The regressor as the row has it, on its own scale. */
const suppliedBy = (m: Model, { tag, field, transformation }: Supplied): Value => {
  const { scope, world } = m;
  const { a, doc } = world;
  const { value, dataType } = scope.read(field, tag);
  if (kindOf(dataType) !== 'number') doc.fail(tag, 'pmml/type', `the field '${field}' is no number`);
  const x = asReal(a, value, scope.real);
  if (transformation === 'none') return x;
  const [name, outside] =
    transformation === 'logarithmic' ? (['Log', 'LessOrEqual'] as const) : (['Sqrt', 'Less'] as const);
  return a.mask(a.lift(name, [x]), a.isTrue(a.compare(outside, x, a.like(x, 0))));
};

export const timeSeriesModel: ModelElement = {
  name: 'TimeSeriesModel',
  functions: ['timeSeries'],
  groups: true,
  read,
};
