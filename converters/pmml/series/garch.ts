/** GARCH: an ARMA series whose errors have a variance that follows their own squares and itself. PMML 4.4.1, Time Series. */
import type { Element } from '../../shared/xml.ts';
import type { Document } from '../document.ts';
import { armaParts, reaching } from './arima.ts';
import { type Arma, armaForecast, lagPolynomial, psiWeights } from './arma.ts';
import { horizon, type Made, made, optionalNumbers, type Series } from './series.ts';

interface Variance {
  readonly constant: number;
  /** Of squared residuals and of variances, lag 1 first. */
  readonly squares: readonly number[];
  readonly variances: readonly number[];
  /** The latest last. */
  readonly residuals: readonly number[];
  readonly past: readonly number[];
}

/** `φ(B) y = c + θ(B) e`. */
export const garch = (doc: Document, e: Element, observed: Series): Made => {
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
  const inside = (name: string, part: string): number[] => {
    const owner = doc.child(variance, name);
    return optionalNumbers(doc, owner && doc.child(owner, part));
  };
  const g: Variance = {
    constant: doc.number(variance, 'constant') ?? 0,
    squares: inside('ResidualSquareCoefficients', 'MACoefficients'),
    variances: inside('VarianceCoefficients', 'MACoefficients'),
    residuals: inside('ResidualSquareCoefficients', 'Residuals'),
    past: inside('VarianceCoefficients', 'PastVariances'),
  };
  if (g.residuals.length < g.squares.length || g.past.length < g.variances.length) {
    doc.fail(variance, 'pmml/no-series', 'it looks further back than its Residuals and PastVariances reach');
  }
  const ahead = variances(g);
  const psi = psiWeights(model);
  // Beyond the weights that still matter nothing is added.
  const reach = psi.findLastIndex((w) => w !== 0) + 1;
  const errors = ahead.map((_, h) => {
    let sum = 0;
    for (let j = 0; j <= h && j < reach; j++) sum += (psi[j] as number) ** 2 * (ahead[h - j] as number);
    return Math.sqrt(sum);
  });
  return made({ values: armaForecast(model), errors });
};

/** Conditional variances of the errors to come; the expected square of one of them is its variance. */
const variances = (g: Variance): number[] => {
  const squares = g.residuals.map((e) => e * e);
  const known = g.past.length;
  const out = [...g.past];
  for (let h = 0; h < horizon; h++) {
    let next = g.constant;
    g.squares.forEach((a, i) => {
      next += a * (squares[squares.length - 1 - i] as number);
    });
    g.variances.forEach((b, i) => {
      next += b * (out[out.length - 1 - i] as number);
    });
    squares.push(next);
    out.push(next);
  }
  return out.slice(known);
};
