/** Targets: what is done to a model's own prediction before anybody sees it. PMML 4.4.1, Targets. */
import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf } from './algebra.ts';
import { type Document, parts } from './document.ts';
import { type Asked, type Prediction, regression } from './prediction.ts';

/** The Target that speaks of a field; one that names no field speaks of any. */
export const targetFor = (doc: Document, targets: Element | null, field: string | null): Element | null => {
  if (targets === null) return null;
  const list = parts(targets);
  for (const t of list) if (t.name !== 'Target') doc.refuse(t);
  return (
    list.find((t) => field !== null && doc.text(t, 'field') === field) ??
    list.find((t) => doc.text(t, 'field') === undefined) ??
    null
  );
};

/** How predicted values are to be shown, by the value as written. */
export const displayValues = (doc: Document, target: Element | null): Map<string, string> => {
  const shown = new Map<string, string>();
  for (const v of target ? parts(target) : []) {
    const [value, display] = [doc.text(v, 'value'), doc.text(v, 'displayValue')];
    if (value !== undefined && display !== undefined) shown.set(value, display);
  }
  return shown;
};

export const applyTarget = (doc: Document, a: Algebra, target: Element | null, p: Prediction): Prediction => {
  if (target === null) return p;
  const values = parts(target);
  for (const v of values) if (v.name !== 'TargetValue') doc.refuse(v);
  return p.classes === null ? rescale(doc, a, target, p) : withPriors(doc, a, target, p);
};

/** min and max, then factor, constant and rounding; a default where there is no prediction, as it is. */
const rescale = (doc: Document, a: Algebra, target: Element, p: Prediction): Prediction => {
  const number = (name: string) => doc.number(target, name);
  const k = (x: number) => a.constant(dtypeOf(p.value), x);
  const [min, max] = [number('min'), number('max')];
  const factor = number('rescaleFactor') ?? 1;
  const constant = number('rescaleConstant') ?? 0;
  const cast = doc.choice(target, 'castInteger', ['round', 'ceiling', 'floor', ''], '');
  const scaled = (of: Value): Value => {
    let v = of;
    if (min !== undefined) v = a.lift('Max', [v, k(min)]);
    if (max !== undefined) v = a.lift('Min', [v, k(max)]);
    if (factor !== 1) v = a.mul(v, k(factor));
    if (constant !== 0) v = a.add(v, k(constant));
    if (cast === 'round') return a.roundHalfUp(v);
    return cast === '' ? v : a.lift(cast === 'ceiling' ? 'Ceil' : 'Floor', [v]);
  };
  const otherwise = parts(target)
    .map((t) => doc.number(t, 'defaultValue'))
    .find((x) => x !== undefined);
  const v = scaled(p.value);
  const value = otherwise === undefined ? v : a.fill(v, otherwise);
  if (value === p.value) return p;
  /** What is measured on the target's scale goes with it; a negative factor turns an interval round. */
  const further = (ask: Asked): ReturnType<NonNullable<Prediction['further']>> => {
    const bound = bounds.find(([name]) => name === ask.feature);
    const found = p.further?.(bound && factor < 0 ? { ...ask, feature: bound[1] } : ask) ?? null;
    if (found === null) return null;
    if (bound) return { ...found, value: scaled(found.value) };
    const spread = ask.feature === 'standardError' || ask.feature === 'standardDeviation';
    return spread && factor !== 1 ? { ...found, value: a.mul(found.value, k(Math.abs(factor))) } : found;
  };
  return { ...regression(value, p.entity), ...(p.further && { further }) };
};

/** The bounds of an interval, each with the other. */
const bounds = [
  ['confidenceIntervalLower', 'confidenceIntervalUpper'],
  ['confidenceIntervalUpper', 'confidenceIntervalLower'],
] as const;

/** Prior probabilities where there is no prediction. */
const withPriors = (doc: Document, a: Algebra, target: Element, p: Prediction): Prediction => {
  const classes = p.classes as NonNullable<Prediction['classes']>;
  const priors = new Map<number, number>();
  for (const t of parts(target)) {
    const prior = doc.number(t, 'priorProbability');
    if (prior !== undefined) priors.set(classes.index(doc, t, doc.need(t, 'value')), prior);
  }
  const missing = a.missing(p.value);
  if (priors.size === 0 || missing === null) return p;
  const [best] = [...priors].reduce((x, y) => (y[1] > x[1] || (y[1] === x[1] && y[0] < x[0]) ? y : x));
  const instead = (v: Value, x: string | number): Value => a.choose([missing, a.like(v, x)], v);
  return {
    ...p,
    value: instead(p.value, classes.values[best] as string | number),
    index: instead(p.index as Value, best),
    probability: (c) => {
      const v = p.probability(c);
      const prior = priors.get(c) ?? 0;
      if (v !== null) return instead(v, prior);
      return a.mask(a.constant('float64', prior), a.not(missing));
    },
  };
};
