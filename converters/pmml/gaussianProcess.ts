/** Gaussian process regression: kernels, and what of the training instances is worked out while reading. PMML 4.4.1, Gaussian Process. */

import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import type { Algebra, Real } from './algebra.ts';
import { arrayNumbers } from './arrays.ts';
import { type Document, parts } from './document.ts';
import { power } from './power.ts';

/**
 * γ · exp(-factor · Σ (|xᵢ - zᵢ| / λᵢ)^degree): all four kernels are of this form.
 * RadialBasis and ARDSquaredExponential: factor ½, degree 2; AbsoluteExponential: 1 and 1; GeneralizedExponential: 1 and `degree`.
 */
export interface Covariance {
  readonly gamma: number;
  readonly factor: number;
  readonly degree: number;
  readonly noise: number;
  /** One a field. */
  readonly lambdas: readonly number[];
}

export const readCovariance = (doc: Document, element: Element, fields: number): Covariance => {
  const number = (name: string) => doc.number(element, name) ?? 1;
  const [gamma, noise] = [number('gamma'), number('noiseVariance')];
  if (!(gamma > 0)) doc.fail(element, 'pmml/attribute-value', 'gamma must be above 0');
  if (!(noise >= 0)) doc.fail(element, 'pmml/attribute-value', 'noiseVariance must not be below 0');
  const of = (factor: number, degree: number, lambdas: readonly number[]): Covariance => {
    if (!lambdas.every((l) => l > 0))
      doc.fail(element, 'pmml/attribute-value', 'every lambda must be above 0');
    if (!(degree > 0)) doc.fail(element, 'pmml/attribute-value', 'degree must be above 0');
    return { gamma, noise, factor, degree, lambdas };
  };
  switch (element.name) {
    case 'RadialBasisKernel':
      return of(0.5, 2, new Array<number>(fields).fill(number('lambda')));
    case 'ARDSquaredExponentialKernel':
      return of(0.5, 2, lambdasOf(doc, element, fields));
    case 'AbsoluteExponentialKernel':
      return of(1, 1, lambdasOf(doc, element, fields));
    case 'GeneralizedExponentialKernel':
      return of(1, number('degree'), lambdasOf(doc, element, fields));
    default:
      return doc.refuse(element, 'there is no such kernel');
  }
};

/** One a field, in the order of the instance fields; 1 each where none is given. */
const lambdasOf = (doc: Document, element: Element, fields: number): number[] => {
  const values = parts(element).flatMap((part) => {
    if (part.name !== 'Lambda') doc.refuse(part);
    return parts(part).flatMap((array) => arrayNumbers(doc, array));
  });
  if (values.length === 0) return new Array<number>(fields).fill(1);
  if (values.length !== fields) {
    doc.fail(element, 'pmml/array', `it has ${values.length} lambdas for ${fields} fields`);
  }
  return values;
};

/** The covariance of the row with every training instance, over γ, [N, M]. `instances`: one field of all of them, [1, M]. */
export const correlationWith = (
  a: Algebra,
  c: Covariance,
  columns: readonly Value[],
  instances: readonly Value[],
  real: Real,
): Value => {
  const k = (x: number) => a.constant(real, x);
  const sum = columns
    .map((x, i) => {
      const z = a.sub(x, instances[i] as Value);
      const scaled = a.div(c.degree === 2 ? z : a.lift('Abs', [z]), k(c.lambdas[i] as number));
      return power(a, scaled, c.degree);
    })
    .reduce((x, y) => a.add(x, y));
  return a.lift('Exp', [a.mul(k(-c.factor), sum)]);
};

const covariance = (c: Covariance, x: readonly number[], z: readonly number[]): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    sum += (Math.abs((x[i] as number) - (z[i] as number)) / (c.lambdas[i] as number)) ** c.degree;
  }
  return c.gamma * Math.exp(-c.factor * sum);
};

/**
 * γ is in the constants, not in the graph: onnxruntime rounds a number that multiplies a product of matrices to single precision.
 */
export interface Posterior {
  /** γ (K + σ²I)⁻¹ y. */
  readonly alpha: Float64Array;
  /** γ times the inverse, transposed, of the Cholesky factor of K + σ²I, row by row, [M, M]. */
  readonly whitening: Float64Array;
}

/** null where K + σ²I is not positive definite. */
export const posterior = (
  c: Covariance,
  x: readonly (readonly number[])[],
  y: readonly number[],
): Posterior | null => {
  const n = x.length;
  const l = new Float64Array(n * n);
  const at = (m: Float64Array, i: number, j: number) => m[i * n + j] as number;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let s = covariance(c, x[i] as number[], x[j] as number[]) + (i === j ? c.noise : 0);
      for (let k = 0; k < j; k++) s -= at(l, i, k) * at(l, j, k);
      if (i === j && !(s > 0)) return null;
      l[i * n + j] = i === j ? Math.sqrt(s) : s / at(l, j, j);
    }
  }
  // Column j of L⁻¹ by forward substitution; it is row j of the transposed inverse.
  const whitening = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let s = i === j ? 1 : 0;
      for (let k = j; k < i; k++) s -= at(l, i, k) * at(whitening, j, k);
      whitening[j * n + i] = s / at(l, i, i);
    }
  }
  const alpha = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let s = y[i] as number;
    for (let k = 0; k < i; k++) s -= at(l, i, k) * (alpha[k] as number);
    alpha[i] = s / at(l, i, i);
  }
  for (let i = n - 1; i >= 0; i--) {
    let s = alpha[i] as number;
    for (let k = i + 1; k < n; k++) s -= at(l, k, i) * (alpha[k] as number);
    alpha[i] = s / at(l, i, i);
  }
  const scaled = (m: Float64Array) => m.map((v) => c.gamma * v);
  return { alpha: scaled(alpha), whitening: scaled(whitening) };
};
