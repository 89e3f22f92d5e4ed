/** Kernels of support vector machines. PMML 4.4.1, Support Vector Machine. */
import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import type { Algebra, Real } from './algebra.ts';
import type { Document } from './document.ts';
import { power } from './power.ts';
import type { Vectors } from './vectors.ts';

export interface Kernel {
  readonly name: string;
  /** With every vector of the dictionary, [N, V]. */
  readonly with: (a: Algebra, vectors: Vectors, real: Real) => Value;
}

/** Sums over the fields in order, so that every engine gives the same bits. */
const over = (a: Algebra, vectors: Vectors, term: (x: Value, v: Value) => Value): Value =>
  vectors.columns.map((x, i) => term(x, vectors.field(i))).reduce((s, t) => a.add(s, t));

const product = (a: Algebra, vectors: Vectors): Value => over(a, vectors, (x, v) => a.mul(x, v));

export const readKernel = (doc: Document, element: Element): Kernel => {
  const { name } = element;
  const number = (attribute: string) => doc.number(element, attribute) ?? 1;
  switch (name) {
    case 'LinearKernelType':
      return { name, with: (a, vectors) => product(a, vectors) };
    case 'PolynomialKernelType': {
      const [gamma, coef0, degree] = [number('gamma'), number('coef0'), number('degree')];
      return {
        name,
        with: (a, vectors, real) => power(a, affine(a, product(a, vectors), gamma, coef0, real), degree),
      };
    }
    case 'RadialBasisKernelType': {
      const gamma = number('gamma');
      return {
        name,
        with: (a, vectors, real) => {
          const square = (z: Value) => a.mul(z, z);
          const distance = over(a, vectors, (x, v) => square(a.sub(x, v)));
          return a.lift('Exp', [a.mul(a.constant(real, -gamma), distance)]);
        },
      };
    }
    case 'SigmoidKernelType': {
      const [gamma, coef0] = [number('gamma'), number('coef0')];
      return {
        name,
        with: (a, vectors, real) => a.lift('Tanh', [affine(a, product(a, vectors), gamma, coef0, real)]),
      };
    }
    default:
      return doc.refuse(element, 'there is no such kernel');
  }
};

const affine = (a: Algebra, v: Value, factor: number, shift: number, real: Real): Value =>
  a.add(a.mul(a.constant(real, factor), v), a.constant(real, shift));
