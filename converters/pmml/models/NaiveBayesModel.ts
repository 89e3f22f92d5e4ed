/** Classes by Bayes' theorem, the inputs taken as independent. PMML 4.4.1, Naïve Bayes. */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import type { Classes } from '../classes.ts';
import { asReal } from '../convert.ts';
import { distributionIn, logDensity } from '../distributions.ts';
import { type Document, parts } from '../document.ts';
import { derive } from '../expressions.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { byProbability, logLikelihoods, type Prediction } from '../prediction.ts';
import type { Scope, Variable } from '../scope.ts';
import { kindOf, literal } from '../types.ts';

/** Below this a density in double precision is zero. */
const vanishing = Math.log(Number.MIN_VALUE) - Math.LN2;

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { doc } = m.world;
  let inputs: Element | undefined;
  let output: Element | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (child.name === 'BayesInputs') inputs = cursor.element(child);
    else if (child.name === 'BayesOutput') output = cursor.element(child);
    else doc.refuse(child);
  }
  const from = inputs ?? doc.fail(m.tag, 'pmml/missing-element', 'a NaiveBayesModel needs BayesInputs');
  const to = output ?? doc.fail(m.tag, 'pmml/missing-element', 'a NaiveBayesModel needs a BayesOutput');
  const prediction = predict(m, from, to);
  return done(m, () => m.result(prediction));
};

export const naiveBayesModel: ModelElement = {
  name: 'NaiveBayesModel',
  functions: ['classification'],
  read,
};

/** Counts by class, of the TargetValueCounts that an element holds. */
const countsIn = (doc: Document, element: Element, classes: Classes): Map<number, number> => {
  const counts = doc.child(element, 'TargetValueCounts');
  if (!counts) return doc.fail(element, 'pmml/missing-element', 'it holds no TargetValueCounts');
  const byClass = new Map<number, number>();
  for (const part of parts(counts)) {
    if (part.name !== 'TargetValueCount') doc.refuse(part);
    const count = doc.needNumber(part, 'count');
    if (!(count >= 0)) doc.fail(part, 'pmml/attribute-value', `count="${count}" is no count`);
    const c = classes.index(doc, part, doc.need(part, 'value'));
    byClass.set(c, (byClass.get(c) ?? 0) + count);
  }
  return byClass;
};

/**
 * L(T) = P(T) · Π P(I | T), in logarithms so that many inputs do not vanish. Rattle wrote its continuous inputs into
 * an Extension before PMML 4.2 had any; there, as in R, the threshold stands for densities of zero alone.
 */
const predict = (m: Model, inputs: Element, output: Element): Prediction => {
  const { scope } = m;
  const { doc, a } = m.world;
  const classes = m.classes as Classes;
  const threshold = doc.needNumber(m.tag, 'threshold');
  if (!(threshold >= 0 && threshold <= 1)) {
    doc.fail(m.tag, 'pmml/attribute-value', `threshold="${threshold}" is no probability`);
  }
  const priors = countsIn(doc, output, classes);
  const total = [...priors.values()].reduce((x, v) => x + v, 0);
  if (!(total > 0)) doc.fail(output, 'pmml/attribute-value', 'its counts are all zero');

  const factors: ((c: number) => Value)[] = [];
  for (const part of inputs.children) {
    const extended = part.name === 'Extension';
    for (const input of extended ? part.children : [part]) {
      if (input.name === 'BayesInput') factors.push(factorOf(input, scope, classes, threshold, extended));
      else if (!extended) doc.refuse(input);
    }
  }
  const likelihoods = Array.from({ length: classes.count }, (_, c) => {
    const prior = priors.get(c) ?? 0;
    if (prior === 0) return null;
    return factors.reduce((sum, f) => a.add(sum, f(c)), a.constant(scope.real, Math.log(prior / total)));
  });
  return byProbability(a, classes, logLikelihoods(a, likelihoods, scope.real));
};

/** log P(I | T) of a class; 0 where the input is missing. */
const factorOf = (
  input: Element,
  scope: Scope,
  classes: Classes,
  threshold: number,
  extended: boolean,
): ((c: number) => Value) => {
  const { doc } = scope.world;
  const name = doc.need(input, 'fieldName');
  const stats = doc.child(input, 'TargetValueStats');
  if (!stats && !doc.child(input, 'PairCounts')) {
    doc.fail(input, 'pmml/missing-element', 'it holds neither PairCounts nor TargetValueStats');
  }
  if (stats) return continuous(stats, scope.read(name, input), scope, classes, threshold, extended);
  const derived = doc.child(input, 'DerivedField');
  return discrete(
    input,
    derived ? derive(derived, scope) : scope.read(name, input),
    scope,
    classes,
    threshold,
  );
};

const mostCells = 1 << 22;

const discrete = (
  input: Element,
  variable: Variable,
  scope: Scope,
  classes: Classes,
  threshold: number,
): ((c: number) => Value) => {
  const { doc, a } = scope.world;
  const rows: { readonly key: string | number; readonly counts: ReadonlyMap<number, number> }[] = [];
  for (const part of parts(input)) {
    if (part.name === 'DerivedField') continue;
    if (part.name !== 'PairCounts') doc.refuse(part);
    const key = literal(doc, part, doc.need(part, 'value'), variable.dataType);
    if (rows.some((r) => r.key === key))
      doc.fail(part, 'pmml/duplicate-name', 'this value has its PairCounts already');
    rows.push({ key, counts: countsIn(doc, part, classes) });
  }
  // A count is held for every value and class.
  const cells = rows.length * classes.count;
  if (cells > mostCells) {
    doc.fail(input, 'pmml/too-large', `values times classes are ${cells}, more than ${mostCells}`);
  }
  const text = kindOf(variable.dataType) === 'string';
  const key = text ? variable.value : asReal(a, variable.value, scope.real);
  const found = a.own('Lookup', [key], {
    keys: attr.data(
      constant(
        text ? 'string' : scope.real,
        rows.map((r) => r.key),
      ),
    ),
    values: attr.data(
      constant(
        'int32',
        rows.map((_, i) => i),
      ),
    ),
  });
  // A value never seen has a count of zero beside every class: the threshold everywhere, which decides nothing.
  const row = a.fill(found, rows.length);
  return (c) => {
    const sum = rows.reduce((x, r) => x + (r.counts.get(c) ?? 0), 0);
    const logs = rows.map((r) => {
      const count = r.counts.get(c) ?? 0;
      return Math.log(count === 0 ? threshold : count / sum);
    });
    return a.pick(a.table(constant(scope.real, [...logs, 0])), row);
  };
};

const continuous = (
  stats: Element,
  variable: Variable,
  scope: Scope,
  classes: Classes,
  threshold: number,
  extended: boolean,
): ((c: number) => Value) => {
  const { doc, a } = scope.world;
  if (kindOf(variable.dataType) !== 'number')
    doc.fail(stats, 'pmml/type', 'a number is wanted here, and this is text');
  const x = asReal(a, variable.value, scope.real);
  const floor = a.constant(scope.real, Math.log(threshold));
  const byClass = new Map<number, Value>();
  for (const part of parts(stats)) {
    if (part.name !== 'TargetValueStat') doc.refuse(part);
    const log = logDensity(doc, a, distributionIn(doc, part), x);
    const kept = extended
      ? a.choose([a.compare('Less', log, a.like(log, vanishing)), floor], log)
      : a.lift('Max', [log, floor]);
    byClass.set(classes.index(doc, part, doc.need(part, 'value')), a.fill(kept, 0));
  }
  // A class without a distribution has a density of zero.
  return (c) => byClass.get(c) ?? a.fill(a.mask(floor, a.missing(x)), 0);
};
