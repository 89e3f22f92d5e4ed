/** General regression: linear, generalized linear, multinomial, ordinal and Cox models. PMML 4.4.1, General Regression. */
import type { Value } from '../../../src/ir/model.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import type { Classes } from '../classes.ts';
import { asReal } from '../convert.ts';
import { Covariance } from '../covariance.ts';
import { Design, type Term } from '../design.ts';
import { parts } from '../document.ts';
import { baselineHazard } from '../hazard.ts';
import { cumulativeLinks, link, readLink } from '../links.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { byProbability, type Prediction, regression } from '../prediction.ts';
import type { Variable } from '../scope.ts';
import { kindOf } from '../types.ts';

const modelTypes = [
  'regression',
  'generalLinear',
  'multinomialLogistic',
  'ordinalMultinomial',
  'generalizedLinear',
  'CoxRegression',
] as const;

/** The elements of a general regression, as they are read. */
interface Content {
  readonly design: Design;
  /** referencePoint of each parameter, in order. */
  readonly parameters: Map<string, number>;
  readonly cells: (Term & { readonly tag: Element; readonly category: string | undefined })[];
  covariance: Covariance | null;
  hazard: Element | null;
}

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag, scope } = m;
  const { doc } = world;
  doc.need(tag, 'modelType');
  const type = doc.choice(tag, 'modelType', modelTypes, 'regression');
  let content: Content | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    content ??= {
      design: new Design(scope),
      parameters: new Map(),
      cells: [],
      covariance: null,
      hazard: null,
    };
    readPart(cursor.element(child), content, m);
  }
  if (!content?.cells)
    return doc.fail(tag, 'pmml/missing-element', 'a GeneralRegressionModel needs a ParamMatrix');
  for (const { tag: cell, parameter } of content.cells) {
    if (!content.parameters.has(parameter)) {
      doc.fail(cell, 'pmml/unknown-parameter', `the ParameterList has no parameter '${parameter}'`);
    }
  }
  const prediction = predict(type, content, m);
  return done(m, () => m.result(prediction));
};

const readPart = (element: Element, content: Content, m: Model): void => {
  const { doc } = m.world;
  switch (element.name) {
    case 'ParameterList':
      for (const p of parts(element)) {
        const name = doc.need(p, 'name');
        if (content.parameters.has(name)) {
          doc.fail(p, 'pmml/duplicate-name', `the parameter '${name}' is defined twice`);
        }
        content.parameters.set(name, doc.number(p, 'referencePoint') ?? 0);
      }
      return;
    case 'FactorList':
    case 'CovariateList':
    case 'PPMatrix':
      content.design.read(element);
      return;
    case 'PCovMatrix':
      content.covariance = new Covariance(doc, element);
      return;
    case 'ParamMatrix':
      for (const p of parts(element)) {
        const [parameter, category] = [doc.need(p, 'parameterName'), doc.text(p, 'targetCategory')];
        if (content.cells.some((c) => c.parameter === parameter && c.category === category)) {
          doc.fail(p, 'pmml/duplicate-name', `the parameter '${parameter}' has this PCell already`);
        }
        content.cells.push({ tag: p, parameter, category, beta: doc.needNumber(p, 'beta') });
      }
      return;
    // Which values of the status are events matters to who fits the model, not to who scores with it.
    case 'EventValues':
      return;
    case 'BaseCumHazardTables':
      content.hazard = element;
      return;
    default:
      doc.refuse(element);
  }
};

const predict = (type: (typeof modelTypes)[number], content: Content, m: Model): Prediction => {
  const { world, tag } = m;
  const { doc, a } = world;
  const classes = m.classes;
  const categorical = type === 'multinomialLogistic' || type === 'ordinalMultinomial';
  if (categorical && classes === null) {
    doc.refuse(tag, `modelType="${type}" is of classifications, and this model is a regression`);
  }
  if (classes !== null && !categorical && type !== 'generalizedLinear') {
    doc.refuse(tag, `modelType="${type}" is of regressions, and this model is a classification`);
  }
  switch (type) {
    case 'multinomialLogistic':
      return multinomial(content, m, classes as Classes);
    case 'ordinalMultinomial':
      return ordinal(content, m, classes as Classes);
    case 'CoxRegression':
      return cox(content, m);
    case 'regression':
    case 'generalLinear':
      return numeric(content, m, link(a, 'identity'), null);
    case 'generalizedLinear': {
      const how = readLink(doc, a, tag);
      return classes === null
        ? numeric(content, m, how, trials(m))
        : binary(content, m, classes, how.inverse);
    }
  }
};

/** A field that an attribute of the model names, as a number. */
const field = (name: string, m: Model): Value => {
  const { a, doc } = m.world;
  const variable = fieldOf(name, m);
  if (kindOf(variable.dataType) !== 'number')
    doc.fail(m.tag, 'pmml/type', `the field '${name}' is no number`);
  return asReal(a, variable.value, m.scope.real);
};

const fieldOf = (name: string, m: Model): Variable =>
  m.scope.find(name) ? m.scope.read(name, m.tag) : m.world.input(name, m.tag);

/** What is added to the linear predictor; null: nothing. */
const offset = (m: Model): Value | null => {
  const { doc, a } = m.world;
  const name = doc.text(m.tag, 'offsetVariable');
  if (name !== undefined) return field(name, m);
  const value = doc.number(m.tag, 'offsetValue');
  return value === undefined ? null : a.constant(m.scope.real, value);
};

/** What the mean of a binomial model is multiplied by; null: nothing. */
const trials = (m: Model): Value | null => {
  const { doc, a } = m.world;
  const name = doc.text(m.tag, 'trialsVariable');
  if (name !== undefined) return field(name, m);
  const value = doc.number(m.tag, 'trialsValue');
  return value === undefined ? null : a.constant(m.scope.real, value);
};

/** The linear predictor of a target category, or of a number; the offset is added last. */
const linear = (content: Content, m: Model, category: string | null): Value => {
  const terms = content.cells.filter((c) => c.category === undefined || c.category === category);
  const r = content.design.predictor(terms, category);
  const more = offset(m);
  return more === null ? r : m.world.a.add(r, more);
};

const numeric = (
  content: Content,
  m: Model,
  how: ReturnType<typeof link>,
  times: Value | null,
): Prediction => {
  const { a } = m.world;
  const eta = linear(content, m, null);
  const mean = (v: Value) => (times === null ? how.inverse(v) : a.mul(how.inverse(v), times));
  const plain = regression(mean(eta));
  const { covariance } = content;
  if (covariance === null) return plain;
  return {
    ...plain,
    further: (ask) => covariance.ask(ask, m, { eta, mean, slope: how.slope, times, design: content.design }),
  };
};

/** The class that the parameters speak of, against the other of two. */
const binary = (content: Content, m: Model, classes: Classes, inverse: (v: Value) => Value): Prediction => {
  const { world, tag } = m;
  const { doc, a } = world;
  const named = new Set(content.cells.flatMap((c) => (c.category === undefined ? [] : [c.category])));
  const reference = doc.text(tag, 'targetReferenceCategory');
  const other = reference === undefined ? undefined : classes.index(doc, tag, reference);
  const [only] = named;
  let event = only === undefined ? undefined : classes.index(doc, tag, only);
  if (named.size > 1 || classes.count > 2 || (event !== undefined && event === other)) {
    return doc.refuse(tag, 'a generalized linear classification is read of two classes only');
  }
  if (event === undefined && other !== undefined && classes.count === 2) event = 1 - other;
  if (event === undefined || classes.count !== 2) {
    return doc.refuse(
      tag,
      'which class its parameters speak of is not said: neither targetCategory nor targetReferenceCategory',
    );
  }
  const p = inverse(linear(content, m, classes.labels[event] as string));
  const rest = a.sub(a.constant(m.scope.real, 1), p);
  return byProbability(a, classes, event === 0 ? [p, rest] : [rest, p]);
};

/** Of each class its linear predictor, 0 of the reference, through softmax. */
const multinomial = (content: Content, m: Model, classes: Classes): Prediction => {
  const { world, tag } = m;
  const { doc, a } = world;
  const named = new Set<number>();
  for (const c of content.cells)
    if (c.category !== undefined) named.add(classes.index(doc, c.tag, c.category));
  const text = doc.text(tag, 'targetReferenceCategory');
  let reference = text === undefined ? undefined : classes.index(doc, tag, text);
  const without = Array.from({ length: classes.count }, (_, c) => c).filter((c) => !named.has(c));
  if (reference === undefined) {
    if (without.length > 1) {
      doc.fail(
        tag,
        'pmml/reference-category',
        `which class is the reference is not said: ${without.map((c) => classes.labels[c]).join(', ')} have no PCell`,
        'give the attribute targetReferenceCategory',
      );
    }
    reference = without[0];
  }
  if (classes.count < 2) doc.fail(tag, 'pmml/reference-category', 'the target has no second category');
  const r = classes.labels.map((label, c) =>
    c === reference ? a.constant(m.scope.real, 0) : linear(content, m, label),
  );
  // The greatest exponent is 0: nothing overflows, and the quotients are the same.
  const top = r.reduce((x, v) => a.lift('Max', [x, v]));
  const e = r.map((v) => a.lift('Exp', [a.sub(v, top)]));
  const all = e.reduce((x, v) => a.add(x, v));
  return byProbability(
    a,
    classes,
    e.map((v) => a.div(v, all)),
  );
};

/** Cumulative: P(class <= j) = F(r_j), in the order of the target's values; the last class is what is left. */
const ordinal = (content: Content, m: Model, classes: Classes): Prediction => {
  const { world, tag } = m;
  const { doc, a } = world;
  doc.need(tag, 'cumulativeLink');
  const how = link(a, doc.choice(tag, 'cumulativeLink', cumulativeLinks, 'logit'));
  const named = new Set<number>();
  for (const c of content.cells)
    if (c.category !== undefined) named.add(classes.index(doc, c.tag, c.category));
  const last = classes.count - 1;
  for (let c = 0; c < last; c++) {
    if (!named.has(c)) {
      doc.fail(
        tag,
        'pmml/ordinal-category',
        `the class '${classes.labels[c]}' has no PCell, and is not the last`,
      );
    }
  }
  if (named.has(last) || last < 1) {
    doc.fail(tag, 'pmml/ordinal-category', 'the last class of the target must be one without a PCell');
  }
  const f = classes.labels.slice(0, last).map((label) => how.inverse(linear(content, m, label)));
  const one = a.constant(m.scope.real, 1);
  const p = f.map((v, j) => (j === 0 ? v : a.sub(v, f[j - 1] as Value)));
  return byProbability(a, classes, [...p, a.sub(one, f[last - 1] as Value)]);
};

/**
 * The cumulative hazard: the baseline's at the row's time, times exp(r - s), s the linear predictor of the reference
 * points. Survival is exp(-hazard), which documents write as a transformedValue.
 */
const cox = (content: Content, m: Model): Prediction => {
  const { world, tag, scope } = m;
  const { doc, a } = world;
  if (content.hazard === null)
    return doc.fail(tag, 'pmml/missing-element', 'a CoxRegression needs BaseCumHazardTables');
  if (doc.text(tag, 'startTimeVariable') !== undefined) {
    doc.warn(
      tag,
      'pmml/ignored',
      'startTimeVariable says how the model was fitted; it is scored at endTimeVariable',
    );
  }
  const time = field(doc.need(tag, 'endTimeVariable'), m);
  const name = doc.text(tag, 'baselineStrataVariable');
  const stratum = name === undefined ? null : fieldOf(name, m);
  const baseline = baselineHazard(content.hazard, time, stratum, scope);
  const s = content.cells.reduce(
    (sum, c) => sum + c.beta * (content.parameters.get(c.parameter) as number),
    0,
  );
  const r = linear(content, m, null);
  const ratio = a.lift('Exp', [a.sub(r, a.constant(scope.real, s))]);
  return regression(a.mul(baseline, ratio));
};

export const generalRegressionModel: ModelElement = {
  name: 'GeneralRegressionModel',
  functions: ['regression', 'classification'],
  read,
};
