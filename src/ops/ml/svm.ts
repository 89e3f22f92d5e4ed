/** What SVMClassifier and SVMRegressor share: kernels, and the transforms of one row of scores. All in float32. */
import { floatsOf, stringOf } from '../../ir/attributes.ts';
import type { Node } from '../../ir/model.ts';
import { numbers, type Tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';
import type { PostTransform } from './postTransform.ts';

const f = Math.fround;

const kernels = ['LINEAR', 'POLY', 'RBF', 'SIGMOID'] as const;

/** The kernel of row `r` of X with vector `v`, both of the given number of features. */
export type Kernel = (
  x: ArrayLike<number>,
  r: number,
  vectors: ArrayLike<number>,
  v: number,
  features: number,
) => number;

/** The kernel that the node names, with gamma, coef0 and degree from `kernel_params`. */
export const kernelOf = (node: Node): Kernel => {
  const name = stringOf(node, 'kernel_type', 'LINEAR');
  const kind = kernels.find((k) => k === name) ?? refused(node, `kernel_type is ${name}`);
  const params = floatsOf(node, 'kernel_params') ?? [];
  if (params.length !== 0 && params.length !== 3) refused(node, 'kernel_params is not gamma, coef0, degree');
  const [gamma = 0, coef0 = 0, degree = 0] = Array.from(params, f);
  if (kind === 'LINEAR') return dot;
  if (kind === 'POLY') return (...a) => f(f(f(gamma * dot(...a)) + coef0) ** degree);
  if (kind === 'SIGMOID') return (...a) => f(Math.tanh(f(f(gamma * dot(...a)) + coef0)));
  return (...a) => f(Math.exp(f(-gamma * distance(...a))));
};

/** Summed in double and rounded once: no order of a float32 sum is prescribed, and this is the one nearest to the truth. */
export const dot: Kernel = (x, r, vectors, v, features) => {
  let sum = 0;
  for (let i = 0; i < features; i++) {
    sum += (x[r * features + i] as number) * (vectors[v * features + i] as number);
  }
  return f(sum);
};

/** The squared distance, differences first: their cancellation is the kernel's meaning. */
const distance: Kernel = (x, r, vectors, v, features) => {
  let sum = 0;
  for (let i = 0; i < features; i++) {
    const d = f((x[r * features + i] as number) - (vectors[v * features + i] as number));
    sum = f(sum + f(d * d));
  }
  return sum;
};

/** The rows of X in float32, which any input is cast to. */
export const rowsOf = (x: Tensor): Float32Array => Float32Array.from(numbers(x));

export const logistic = (x: number): number => {
  const v = f(1 / f(1 + f(Math.exp(-Math.abs(x)))));
  return x < 0 ? f(1 - v) : v;
};

/** One row of scores after the transform: the formulas of postTransform.ts. */
export const transformed = (scores: readonly number[], kind: PostTransform): number[] => {
  switch (kind) {
    case 'NONE':
      return [...scores];
    case 'LOGISTIC':
      return scores.map(logistic);
    case 'PROBIT':
      return scores.map(probit);
    case 'SOFTMAX':
    case 'SOFTMAX_ZERO': {
      const max = Math.max(...scores);
      const zero = (x: number) => kind === 'SOFTMAX_ZERO' && Math.abs(x) <= f(1e-7);
      const exps = scores.map((x) => f(Math.exp(f(x - max))));
      const sum = scores.reduce((s, x, i) => (zero(x) ? s : f(s + (exps[i] as number))), 0);
      return scores.map((x, i) => f((zero(x) ? f(x * f(Math.exp(-max))) : (exps[i] as number)) / sum));
    }
  }
};

const probit = (x: number): number => {
  const u = f(2 * x - 1);
  const log = f(Math.log(f(f(1 - u) * f(1 + u))));
  const v = f(f(2 / f(f(Math.PI) * f(0.147))) + f(0.5 * log));
  const root = f(Math.sqrt(f(-v + f(Math.sqrt(f(f(v * v) - f(f(1 / f(0.147)) * log)))))));
  return f(f(Math.SQRT2) * (u < 0 ? -root : root));
};
