/** Link functions of generalized linear models: their inverses, and how steep those are. PMML 4.4.1, General Regression. */
import type { Value } from '../../src/ir/model.ts';
import type { Algebra } from './algebra.ts';
import type { Document, Tag } from './document.ts';
import { normalCdf, normalPdf, over } from './special.ts';

export interface Link {
  /** From the linear predictor to the mean. */
  readonly inverse: (eta: Value) => Value;
  /** Derivative of the inverse. */
  readonly slope: (eta: Value) => Value;
}

export const cumulativeLinks = ['logit', 'probit', 'cloglog', 'loglog', 'cauchit'] as const;

const linkFunctions = [
  'cloglog',
  'identity',
  'log',
  'logc',
  'logit',
  'loglog',
  'negbin',
  'oddspower',
  'power',
  'probit',
] as const;

export type LinkName = (typeof linkFunctions)[number] | 'cauchit';

/** The attribute linkFunction, with what it needs of linkParameter and distParameter. */
export const readLink = (doc: Document, a: Algebra, tag: Tag): Link => {
  doc.need(tag, 'linkFunction');
  const name = doc.choice(tag, 'linkFunction', linkFunctions, 'identity');
  const parameter =
    name === 'oddspower' || name === 'power'
      ? doc.needNumber(tag, 'linkParameter')
      : name === 'negbin'
        ? doc.needNumber(tag, 'distParameter')
        : 0;
  return link(a, name, parameter);
};

/** `parameter`: the power of `power` and `oddspower`, the ancillary parameter of `negbin`. */
export const link = (a: Algebra, name: LinkName, parameter = 0): Link => {
  const k = (v: Value, x: number) => a.like(v, x);
  const one = (v: Value) => k(v, 1);
  const neg = (v: Value) => a.lift('Neg', [v]);
  const exp = (v: Value) => a.lift('Exp', [v]);
  const pow = (v: Value, x: number) =>
    x === 1 ? v : x === -1 ? a.div(one(v), v) : a.lift('Pow', [v, k(v, x)]);
  switch (name) {
    case 'identity':
      return { inverse: (x) => x, slope: one };
    case 'log':
      return { inverse: exp, slope: exp };
    case 'logc':
      return { inverse: (x) => a.sub(one(x), exp(x)), slope: (x) => neg(exp(x)) };
    case 'logit': {
      const inverse = (x: Value) => a.div(one(x), a.add(one(x), exp(neg(x))));
      return { inverse, slope: (x) => a.mul(inverse(x), a.sub(one(x), inverse(x))) };
    }
    case 'cloglog':
      return {
        inverse: (x) => a.sub(one(x), exp(neg(exp(x)))),
        slope: (x) => exp(a.sub(x, exp(x))),
      };
    case 'loglog':
      return {
        inverse: (x) => exp(neg(exp(neg(x)))),
        slope: (x) => exp(a.sub(neg(x), exp(neg(x)))),
      };
    case 'probit':
      return { inverse: (x) => over(a, normalCdf, x), slope: (x) => over(a, normalPdf, x) };
    case 'cauchit':
      return {
        inverse: (x) => a.add(k(x, 0.5), a.div(a.lift('Atan', [x]), k(x, Math.PI))),
        slope: (x) => a.div(k(x, 1 / Math.PI), a.add(one(x), a.mul(x, x))),
      };
    case 'negbin': {
      const inverse = (x: Value) => a.div(one(x), a.mul(k(x, parameter), a.sub(exp(neg(x)), one(x))));
      return {
        inverse,
        slope: (x) => a.mul(a.mul(k(x, parameter), exp(neg(x))), a.mul(inverse(x), inverse(x))),
      };
    }
    case 'oddspower': {
      if (parameter === 0) return link(a, 'logit');
      const base = (x: Value) => a.add(one(x), a.mul(k(x, parameter), x));
      const odds = (x: Value) => pow(base(x), -1 / parameter);
      const inverse = (x: Value) => a.div(one(x), a.add(one(x), odds(x)));
      return {
        inverse,
        slope: (x) => a.mul(a.div(odds(x), base(x)), a.mul(inverse(x), inverse(x))),
      };
    }
    case 'power':
      if (parameter === 0) return link(a, 'log');
      return {
        inverse: (x) => pow(x, 1 / parameter),
        slope: (x) => a.mul(k(x, 1 / parameter), pow(x, 1 / parameter - 1)),
      };
  }
};
