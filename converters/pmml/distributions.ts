/** Continuous distributions whose parameters are numbers. PMML 4.4.1, Statistics and Baseline Models. */
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf } from './algebra.ts';
import { type Document, parts, type Tag } from './document.ts';

const names = ['AnyDistribution', 'GaussianDistribution', 'PoissonDistribution', 'UniformDistribution'];

/** The one distribution that an element holds. */
export const distributionIn = (doc: Document, element: Element): Element => {
  const [found, ...more] = parts(element).filter((p) => names.includes(p.name));
  if (more[0]) doc.refuse(more[0], 'one distribution is wanted here, and this is another');
  return found ?? doc.fail(element, 'pmml/missing-element', 'it holds no continuous distribution');
};

const positive = (doc: Document, tag: Tag, name: string): number => {
  const value = doc.needNumber(tag, name);
  return value > 0 ? value : doc.fail(tag, 'pmml/attribute-value', `${name}="${value}" is not positive`);
};

/** Mean and variance, from the parameters of the distribution. */
export const momentsOf = (doc: Document, tag: Tag): { readonly mean: number; readonly variance: number } => {
  switch (tag.name) {
    case 'PoissonDistribution': {
      const mean = positive(doc, tag, 'mean');
      return { mean, variance: mean };
    }
    case 'UniformDistribution': {
      const { lower, upper } = bounds(doc, tag);
      return { mean: (lower + upper) / 2, variance: (upper - lower) ** 2 / 12 };
    }
    default:
      return { mean: doc.needNumber(tag, 'mean'), variance: positive(doc, tag, 'variance') };
  }
};

const bounds = (doc: Document, tag: Tag) => {
  const lower = doc.needNumber(tag, 'lower');
  const upper = doc.needNumber(tag, 'upper');
  if (!(lower < upper)) doc.fail(tag, 'pmml/attribute-value', `lower=${lower} is not below upper=${upper}`);
  return { lower, upper };
};

/** The logarithm of the density (Poisson: of the probability) at every x; -∞ where it is zero. */
export const logDensity = (doc: Document, a: Algebra, tag: Tag, x: Value): Value => {
  const k = (n: number) => a.like(x, n);
  switch (tag.name) {
    case 'GaussianDistribution': {
      const { mean, variance } = momentsOf(doc, tag);
      return logGaussian(a, x, k(mean), k(variance));
    }
    case 'UniformDistribution': {
      const { lower, upper } = bounds(doc, tag);
      const inside = a.lift('And', [
        a.compare('GreaterOrEqual', x, k(lower)),
        a.compare('LessOrEqual', x, k(upper)),
      ]);
      return a.mask(a.choose([inside, k(-Math.log(upper - lower))], k(-Infinity)), a.missing(x));
    }
    case 'PoissonDistribution': {
      const mean = positive(doc, tag, 'mean');
      const n = a.lift('Max', [a.lift('Floor', [x]), k(0)]);
      const log = a.sub(a.sub(a.mul(n, k(Math.log(mean))), k(mean)), logFactorial(a, n));
      return a.mask(a.choose([a.compare('Equal', n, x), log], k(-Infinity)), a.missing(x));
    }
    default:
      return doc.refuse(tag, 'a mean and a variance alone say no density');
  }
};

/** log of the normal density: -(x - mean)² / (2 variance) - log(2π variance) / 2. */
export const logGaussian = (a: Algebra, x: Value, mean: Value, variance: Value): Value => {
  const k = (n: number) => a.like(x, n);
  const d = a.sub(x, mean);
  const spread = a.div(a.mul(d, d), a.mul(variance, k(2)));
  const scale = a.mul(a.lift('Log', [a.mul(variance, k(2 * Math.PI))]), k(0.5));
  return a.lift('Neg', [a.add(spread, scale)]);
};

/** Below this a table, from here on Stirling's series, whose first term left out is 1e-15 here. */
const stirlingFrom = 20;

/** log n! of whole numbers n >= 0. */
const logFactorial = (a: Algebra, n: Value): Value => {
  const k = (v: number) => a.like(n, v);
  const logs: number[] = [0];
  let factorial = 1;
  for (let i = 1; i <= stirlingFrom; i++) {
    factorial *= i;
    logs.push(Math.log(factorial));
  }
  const small = a.cast(a.lift('Min', [n, k(stirlingFrom)]), 'int32');
  const x = a.lift('Max', [n, k(stirlingFrom)]);
  const r = a.div(k(1), x);
  const square = a.mul(r, r);
  const series = [-1 / 1680, 1 / 1260, -1 / 360, 1 / 12].map(k).reduce((y, c) => a.add(a.mul(y, square), c));
  const leading = a.sub(a.mul(a.add(x, k(0.5)), a.lift('Log', [x])), x);
  const large = a.add(a.add(leading, k(0.5 * Math.log(2 * Math.PI))), a.mul(series, r));
  const table = a.table(constant(dtypeOf(n), logs), 'logFactorials');
  return a.choose([a.compare('LessOrEqual', n, k(stirlingFrom)), a.pick(table, small)], large);
};
