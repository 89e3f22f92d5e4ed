/**
 * Normal variables whose means are linear in each other: jointly normal, so that what is not observed need not be
 * integrated over. What is observed is taken in one after the other; a row in which it is missing leaves it out.
 */
import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import type { Algebra, Real } from './algebra.ts';
import { type Document, parts, toNumber } from './document.ts';
import { isExpression } from './expressions.ts';

/** base + Σ weight · parent. */
interface Linear {
  readonly base: number;
  readonly weights: ReadonlyMap<string, number>;
}

export interface LinearNormal extends Linear {
  readonly variance: number;
}

/** A NormalDistributionForBN whose mean is linear in the nodes and whose variance is a constant; null for any other. */
export const linearNormal = (
  doc: Document,
  distribution: Element,
  isNode: (name: string) => boolean,
): LinearNormal | null => {
  if (distribution.name !== 'NormalDistributionForBN') return null;
  const of = (name: string): Linear | null => {
    const held = doc.child(distribution, name)?.children.find((c) => isExpression(c.name));
    return held ? linear(held, isNode) : null;
  };
  const [mean, variance] = [of('Mean'), of('Variance')];
  if (!mean || !variance || variance.weights.size > 0 || !(variance.base > 0)) return null;
  return { ...mean, variance: variance.base };
};

const linear = (element: Element, isNode: (name: string) => boolean): Linear | null => {
  const { attributes } = element;
  const simple = ['mapMissingTo', 'defaultValue', 'missing'].every((n) => attributes[n] === undefined);
  if (!simple) return null;
  switch (element.name) {
    case 'Constant': {
      const base = toNumber(element.text);
      return base === undefined || !Number.isFinite(base) ? null : { base, weights: new Map() };
    }
    case 'FieldRef': {
      const { field } = attributes;
      return field !== undefined && isNode(field) ? { base: 0, weights: new Map([[field, 1]]) } : null;
    }
    case 'Apply': {
      const [x, y, ...more] = parts(element).map((p) => linear(p, isNode));
      if (!x || !y || more.length > 0) return null;
      switch (attributes.function) {
        case '+':
          return plus(x, y, 1);
        case '-':
          return plus(x, y, -1);
        case '*':
          return x.weights.size === 0 ? scaled(y, x.base) : y.weights.size === 0 ? scaled(x, y.base) : null;
        case '/':
          return y.weights.size === 0 && y.base !== 0 ? scaled(x, 1 / y.base) : null;
        default:
          return null;
      }
    }
    default:
      return null;
  }
};

const scaled = ({ base, weights }: Linear, by: number): Linear => ({
  base: base * by,
  weights: new Map([...weights].map(([name, w]) => [name, w * by])),
});

const plus = (x: Linear, y: Linear, sign: number): Linear => {
  const weights = new Map(x.weights);
  for (const [name, w] of y.weights) weights.set(name, (weights.get(name) ?? 0) + sign * w);
  return { base: x.base + sign * y.base, weights };
};

/** Means, and covariances of every pair. */
interface Moments {
  readonly means: ReadonlyMap<string, number>;
  readonly covariance: (x: string, y: string) => number;
}

/** Of variables that stand behind all that their means read. */
export const jointly = (nodes: readonly (readonly [name: string, of: LinearNormal])[]): Moments => {
  const means = new Map<string, number>();
  const rows = new Map<string, Map<string, number>>();
  const covariance = (x: string, y: string): number => rows.get(x)?.get(y) ?? 0;
  for (const [name, { base, weights, variance }] of nodes) {
    const over = (f: (parent: string) => number) => [...weights].reduce((sum, [p, w]) => sum + w * f(p), 0);
    means.set(name, base + over((p) => means.get(p) ?? 0));
    const own = new Map<string, number>();
    for (const [other, row] of rows) {
      const c = over((p) => covariance(p, other));
      own.set(other, c);
      row.set(name, c);
    }
    rows.set(name, own);
    own.set(name, variance + over((p) => covariance(p, name)));
  }
  return { means, covariance };
};

interface Observation {
  readonly name: string;
  readonly value: Value;
}

export interface Conditioned {
  /** log density of what is observed; 0 where nothing is. */
  readonly log: Value;
  /** Expected value of what is asked for. */
  readonly mean: Value | null;
}

/** What the observations say of themselves, and of the variable that is asked for. */
export const conditioned = (
  a: Algebra,
  real: Real,
  { means, covariance }: Moments,
  observations: readonly Observation[],
  asked: string | null,
): Conditioned => {
  const { b } = a;
  const k = (n: number) => a.constant(real, n);
  const zero = k(0);
  const names = [...observations.map((o) => o.name), ...(asked === null ? [] : [asked])];
  const mean = new Map(names.map((n) => [n, k(means.get(n) ?? 0)]));
  const cov = new Map(names.map((n) => [n, new Map(names.map((o) => [o, k(covariance(n, o))]))]));
  const of = (x: string, y: string) => cov.get(x)?.get(y) as Value;
  let log: Value = zero;
  observations.forEach(({ name, value }, i) => {
    const rest = names.slice(i + 1);
    const missing = a.missing(value);
    const present = (v: Value): Value => (missing === null ? v : a.where(missing, zero, v));
    const spread = of(name, name);
    const off = b.op('Sub', [a.fill(value), mean.get(name) as Value]);
    const square = b.op('Div', [b.op('Mul', [off, off]), spread]);
    const scale = b.op('Log', [b.op('Mul', [spread, k(2 * Math.PI)])]);
    log = b.op('Sub', [log, present(b.op('Mul', [b.op('Add', [square, scale]), k(0.5)]))]);
    const gains = new Map(rest.map((n) => [n, present(b.op('Div', [of(n, name), spread]))]));
    for (const n of rest) {
      const gain = gains.get(n) as Value;
      mean.set(n, b.op('Add', [mean.get(n) as Value, b.op('Mul', [gain, off])]));
      for (const o of rest) {
        if (names.indexOf(o) < names.indexOf(n)) continue;
        const less = b.op('Sub', [of(n, o), b.op('Mul', [gain, of(o, name)])]);
        cov.get(n)?.set(o, less);
        if (o !== n) cov.get(o)?.set(n, less);
      }
    }
  });
  return { log, mean: asked === null ? null : (mean.get(asked) as Value) };
};
