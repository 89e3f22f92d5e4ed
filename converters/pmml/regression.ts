/** RegressionModel: a table's value is its intercept, then its terms in document order. PMML 4.4.1, Regression. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import type { Algebra } from './algebra.ts';
import type { Classes } from './classes.ts';
import { type Document, parts, type Tag } from './document.ts';
import { power } from './power.ts';
import { byProbability, type Prediction, regression } from './prediction.ts';
import type { Scope } from './scope.ts';
import { normalCdf, over } from './special.ts';
import { kindOf, literal } from './types.ts';

export const normalizations = [
  'none',
  'simplemax',
  'softmax',
  'logit',
  'probit',
  'cloglog',
  'exp',
  'loglog',
  'cauchit',
] as const;

type Normalization = (typeof normalizations)[number];
/** Those that are the inverse of a link function, value by value. */
type Link = Exclude<Normalization, 'none' | 'simplemax'>;

/** The prediction of a model's tables. `ordinal`: the classes are ordered, and the tables cumulative. */
export const readRegression = (
  tag: Tag,
  tables: readonly Element[],
  scope: Scope,
  classes: Classes | null,
  ordinal: boolean,
): Prediction => {
  const { doc } = scope.world;
  const normalization = doc.choice(tag, 'normalizationMethod', normalizations, 'none');
  const first = tables[0];
  if (!first) return doc.fail(tag, 'pmml/missing-element', 'it has no RegressionTable');
  if (classes === null) {
    if (tables.length > 1)
      doc.fail(tables[1] as Element, 'pmml/element', 'a regression has one RegressionTable');
    if (normalization === 'simplemax') doc.refuse(tag, 'simplemax is defined for classification only');
    const y = linear(first, scope);
    return regression(normalization === 'none' ? y : inverse(scope.world.a, normalization as Link, y));
  }
  return classify(tag, tables, scope, classes, ordinal, normalization);
};

/** intercept + Σ coefficient · term, each product and sum rounded in turn. */
const linear = (table: Element, scope: Scope): Value => {
  const { doc, a } = scope.world;
  let y = a.constant(scope.real, doc.needNumber(table, 'intercept'));
  const terms = parts(table);
  for (let i = 0; i < terms.length; ) {
    const term = terms[i] as Element;
    if (term.name === 'CategoricalPredictor') {
      const end = run(doc, terms, i);
      y = a.add(y, categorical(terms.slice(i, end), scope));
      i = end;
      continue;
    }
    i++;
    const coefficient = a.constant(scope.real, doc.needNumber(term, 'coefficient'));
    if (term.name === 'NumericPredictor') {
      const x = numeric(term, doc.need(term, 'name'), scope);
      y = a.add(y, a.mul(coefficient, power(a, x, doc.number(term, 'exponent') ?? 1)));
    } else if (term.name === 'PredictorTerm') {
      let product = coefficient;
      for (const ref of parts(term)) {
        if (ref.name !== 'FieldRef') doc.refuse(ref);
        product = a.mul(product, numeric(ref, doc.need(ref, 'field'), scope));
      }
      y = a.add(y, product);
    } else doc.refuse(term);
  }
  return y;
};

const numeric = (tag: Tag, name: string, scope: Scope): Value => {
  const variable = scope.read(name, tag);
  if (kindOf(variable.dataType) !== 'number') {
    scope.world.doc.fail(tag, 'pmml/type', `the field '${name}' is no number`);
  }
  const { value } = variable;
  return scope.world.a.cast(value, scope.real);
};

/** Where a run of predictors of one field with different values ends: just one of them can hold. */
const run = (doc: Document, terms: readonly Element[], from: number): number => {
  const name = doc.need(terms[from] as Element, 'name');
  const seen = new Set<string>();
  let end = from;
  for (; end < terms.length; end++) {
    const term = terms[end] as Element;
    if (term.name !== 'CategoricalPredictor' || doc.need(term, 'name') !== name) break;
    const value = doc.need(term, 'value');
    if (seen.has(value)) break;
    seen.add(value);
  }
  return end;
};

/** The coefficient of the value that the field has; 0 for any other, and where it is missing. */
const categorical = (terms: readonly Element[], scope: Scope): Value => {
  const { doc, a } = scope.world;
  const first = terms[0] as Element;
  const variable = scope.read(doc.need(first, 'name'), first);
  const dtype = kindOf(variable.dataType) === 'string' ? 'string' : scope.real;
  const keys = terms.map((t) => literal(doc, t, doc.need(t, 'value'), variable.dataType));
  const values = terms.map((t) => doc.needNumber(t, 'coefficient'));
  const key = dtype === 'string' ? variable.value : a.cast(variable.value, scope.real);
  const found = a.own('Lookup', [key], {
    keys: attr.data(constant(dtype, keys)),
    values: attr.data(constant(scope.real, values)),
  });
  return a.fill(found, 0);
};

/** The inverse of a link function. */
const inverse = (a: Algebra, method: Link, y: Value): Value => {
  const one = a.like(y, 1);
  const neg = (v: Value) => a.lift('Neg', [v]);
  const exp = (v: Value) => a.lift('Exp', [v]);
  switch (method) {
    case 'softmax':
    case 'logit':
      return a.div(one, a.add(one, exp(neg(y))));
    case 'exp':
      return exp(y);
    case 'probit':
      return over(a, normalCdf, y);
    case 'cloglog':
      return a.sub(one, exp(neg(exp(y))));
    case 'loglog':
      return exp(neg(exp(neg(y))));
    case 'cauchit':
      return a.add(a.like(y, 0.5), a.div(a.lift('Atan', [y]), a.like(y, Math.PI)));
  }
};

/** A table that gives 0 for every row: the reference class of a logistic regression. */
const trivial = (doc: Document, table: Element): boolean =>
  parts(table).length === 0 && doc.needNumber(table, 'intercept') === 0;

const classify = (
  tag: Tag,
  tables: readonly Element[],
  scope: Scope,
  classes: Classes,
  ordinal: boolean,
  normalization: Normalization,
): Prediction => {
  const { doc, a } = scope.world;
  const at = tables.map((t) => classes.index(doc, t, doc.need(t, 'targetCategory')));
  const twice = at.findIndex((c, i) => at.indexOf(c) !== i);
  if (twice >= 0)
    doc.fail(tables[twice] as Element, 'pmml/duplicate-name', 'this targetCategory has a table already');
  if (tables.length === 1 && !ordinal && classes.count === 2) {
    // The other class of two, without a table, is what the first leaves.
    at.push(1 - (at[0] as number));
  }
  const y = tables.map((t) => linear(t, scope));
  const p = probabilities(tag, y, at.length, tables, scope, ordinal, normalization);
  const missing = a.or(...y.map((v) => a.missing(v)));
  const zero = a.mask(a.constant(scope.real, 0), missing);
  const byClass = Array.from({ length: classes.count }, (_, c) => p[at.indexOf(c)] ?? zero);
  return byProbability(
    a,
    classes,
    byClass.map((v) => a.mask(v, missing)),
  );
};

const probabilities = (
  tag: Tag,
  y: readonly Value[],
  count: number,
  tables: readonly Element[],
  scope: Scope,
  ordinal: boolean,
  normalization: Normalization,
): Value[] => {
  const { doc, a } = scope.world;
  const one = a.constant(scope.real, 1);
  const sum = (values: readonly Value[]) => values.reduce((x, v) => a.add(x, v));
  const last = y.length - 1;
  if (ordinal) {
    if (normalization === 'softmax' || normalization === 'simplemax') {
      doc.refuse(tag, `normalizationMethod="${normalization}" is not defined for ordinal targets`);
    }
    // Cumulative: P(class <= j) = F(y_j); the last table is not read.
    const f = y
      .slice(0, last)
      .map((v) => (normalization === 'none' ? v : inverse(a, normalization as Link, v)));
    const steps = f.map((v, j) => (j === 0 ? v : a.sub(v, f[j - 1] as Value)));
    return [...steps, f.length === 0 ? one : a.sub(one, f[f.length - 1] as Value)];
  }
  if (normalization === 'softmax' && y.length > 1) {
    // The greatest exponent is 0: nothing overflows, and the quotients are the same.
    const top = y.reduce((x, v) => a.lift('Max', [x, v]));
    const e = y.map((v) => a.lift('Exp', [a.sub(v, top)]));
    const all = sum(e);
    return e.map((v) => a.div(v, all));
  }
  if (normalization === 'simplemax') {
    const all = sum(y);
    return y.map((v) => a.div(v, all));
  }
  if (normalization === 'none') {
    const rule = count === 2 ? '1/2 decides' : 'the last class has what the others leave';
    doc.warn(tag, 'pmml/normalization', `without normalizationMethod, values are probabilities: ${rule}`);
  }
  if (count === 2) {
    // One table decides: the second where the first is the trivial one.
    const [first, other] = tables.map((t) => trivial(doc, t));
    const second = first === true && other === false;
    if (first === false && other === false)
      doc.warn(tables[1] as Element, 'pmml/normalization', 'of two classes the first table decides alone');
    const v = y[second ? 1 : 0] as Value;
    const p =
      normalization === 'none'
        ? a.lift('Min', [a.lift('Max', [v, a.like(v, 0)]), one])
        : inverse(a, normalization as Link, v);
    const rest = a.sub(one, p);
    return second ? [rest, p] : [p, rest];
  }
  // More classes: each table but the last for itself, and what they leave for the last.
  const each = y
    .slice(0, last)
    .map((v) => (normalization === 'none' ? v : inverse(a, normalization as Link, v)));
  return each.length === 0 ? [one] : [...each, a.sub(one, sum(each))];
};
