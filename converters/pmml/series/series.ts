/** The series as it was observed, and what the algorithms read alike. PMML 4.4.1, Time Series. */
import type { Element } from '../../shared/xml.ts';
import { arrayNumbers } from '../arrays.ts';
import type { Document, Tag } from '../document.ts';

/** Steps further ahead than this have no result. */
export const horizon = 4096;

/** Forecasts of the steps 1 … and, where they are known, the standard errors of these forecasts. */
export interface Forecast {
  readonly values: readonly number[];
  readonly errors: readonly number[] | null;
}

/** What a row gives for its step: `coefficient` times the field is added to the forecast. */
export interface Supplied {
  readonly tag: Tag;
  readonly field: string;
  readonly coefficient: number;
  readonly transformation: Transformation;
}

/** What an algorithm says, on the scale of the transformed series. */
export interface Made {
  readonly forecast: Forecast;
  readonly transformation: Transformation;
  readonly supplied: readonly Supplied[];
  /** Fields that regressors are of: none of them asks for a step. */
  readonly regressors: ReadonlySet<string>;
}

export const made = (forecast: Forecast, transformation: Transformation = 'none'): Made => ({
  forecast,
  transformation,
  supplied: [],
  regressors: new Set(),
});

export interface Series {
  readonly values: readonly number[];
  /** The time of the last value, and the time between two. */
  readonly last: number | undefined;
  readonly step: number;
}

const usages = ['original', 'logical', 'prediction'] as const;

/** The time of a value; where it has none, its index. */
export const timeOf = (doc: Document, value: Tag): number | undefined =>
  doc.number(value, 'time') ?? doc.number(value, 'index');

export const valuesOf = (element: Element): Element[] =>
  element.children.filter((c) => c.name === 'TimeValue');

/** The series of the target; of several, the one at even distances (`logical`). */
export const readSeries = (doc: Document, elements: readonly Element[], target: string | null): Series => {
  const own = elements.filter((e) => {
    const field = doc.text(e, 'field');
    return field === undefined || target === null || field === target;
  });
  const of = (usage: string) => own.find((e) => doc.choice(e, 'usage', usages, 'original') === usage);
  const element = of('logical') ?? of('original');
  if (!element) return { values: [], last: undefined, step: 1 };
  const points = valuesOf(element);
  const [before, last] = [points.at(-2), points.at(-1)].map((p) => p && timeOf(doc, p));
  const end = last ?? doc.number(element, 'endTime');
  return {
    values: points.map((p) => doc.needNumber(p, 'value')),
    last: end,
    step: before === undefined || end === undefined || end === before ? 1 : end - before,
  };
};

/** Where a time stands: 0 for the last value observed, 1 a step behind it. */
export const placeOf = (doc: Document, tag: Tag, time: number, { last, step }: Series): number => {
  if (last === undefined)
    return doc.fail(tag, 'pmml/no-series', 'its time needs a TimeSeries to be counted in');
  const place = Math.round((time - last) / step);
  if (Math.abs((time - last) / step - place) > 1e-9) {
    doc.fail(tag, 'pmml/attribute-value', `the time ${time} is between two steps of the TimeSeries`);
  }
  return place;
};

const transformations = ['none', 'logarithmic', 'squareroot'] as const;
export type Transformation = (typeof transformations)[number];

export const transformationOf = (doc: Document, e: Tag): Transformation =>
  doc.choice(e, 'transformation', transformations, 'none');

export const transformed = (doc: Document, e: Tag, y: number, by: Transformation): number => {
  if (by === 'none') return y;
  const out = by === 'logarithmic' ? Math.log(y) : Math.sqrt(y);
  return Number.isFinite(out) ? out : doc.fail(e, 'pmml/attribute-value', `${by} of ${y} is no number`);
};

export const numbersIn = (doc: Document, e: Element): number[] => {
  const array = doc.child(e, 'Array');
  return array ? arrayNumbers(doc, array) : doc.fail(e, 'pmml/missing-element', 'it holds no Array');
};

export const optionalNumbers = (doc: Document, e: Element | undefined): number[] =>
  e ? numbersIn(doc, e) : [];

/** Lags further back than this are refused. */
export const mostLags = 10_000;

export const countOf = (doc: Document, e: Tag | undefined, name: string): number => {
  const n = (e && doc.number(e, name)) ?? 0;
  if (e && !(Number.isInteger(n) && n >= 0 && n <= mostLags)) {
    doc.fail(e, 'pmml/attribute-value', `${name}="${n}" is no number of lags`);
  }
  return n;
};
