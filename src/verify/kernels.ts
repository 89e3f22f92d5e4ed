/**
 * How far two honest runtimes may be apart on operators that compare a row with many records: what products and sums may
 * lose in any order.
 */
import { floatsOf, intOf, regionOf, stringOf } from '../ir/attributes.ts';
import { type Node, opName } from '../ir/model.ts';
import { numbers, type Tensor } from '../tensor/tensor.ts';

const u = 2 ** -24;

const ofDistances = new Set('Identity Sub Abs Pow ReduceSum ReduceSumSquare Sqrt'.split(' '));

/** A Scan that only adds up powers of differences: terms that are never below 0. */
export const isDistance = (n: Node): boolean =>
  opName(n.op) === 'Scan' &&
  regionOf(n, 'body').nodes.every(
    ({ op, inputs: [a, b] }) => ofDistances.has(opName(op)) || (opName(op) === 'Mul' && a === b),
  );

/** A difference, its power, and the sum of as many as there are features: each rounds in proportion to the result. */
export const distanceError = (x: Tensor, y: Float64Array, unit: number): Float64Array => {
  const features = x.dims.at(-1) ?? 1;
  return y.map((d) => (Number.isFinite(d) ? 2 * (features + 8) * unit * Math.abs(d) : 0));
};

/**
 * Of a bare SVMRegressor (Σ coefficientᵥ · kernel(x, vectorᵥ) + rho), by row: what single precision may lose, carried
 * through the kernel. `dx`: errors of x `[N, F]`.
 */
export const machineError = (node: Node, x: Tensor, dx: Float64Array | undefined): Float64Array => {
  const list = (name: string) => Float32Array.from(floatsOf(node, name) ?? []);
  const [coefficients, vectors] = [list('coefficients'), list('support_vectors')];
  const [gamma = 0, coef0 = 0, degree = 0] = list('kernel_params');
  const kind = stringOf(node, 'kernel_type', 'LINEAR');
  const rows = numbers(x);
  const [n = 0, features = 0] = x.dims;
  const count = intOf(node, 'n_supports', 0);
  const rho = Math.abs(list('rho')[0] ?? 0);
  /** Product of a row with `to`, the sum of its terms' magnitudes, and its error; squares of differences for `far`. */
  const product = (r: number, to: Float32Array, v: number, far: boolean) => {
    let [sum, size, error] = [0, 0, 0];
    for (let i = 0; i < features; i++) {
      const [a, b] = [Math.fround(rows[r * features + i] as number), to[v * features + i] as number];
      const d = dx?.[r * features + i] ?? 0;
      const term = far ? (a - b) ** 2 : a * b;
      sum += term;
      size += Math.abs(term);
      error += far ? 2 * Math.abs(a - b) * (d + u * Math.abs(a - b)) : d * Math.abs(b);
    }
    return { sum, error: error + 2 * (features + 1) * u * size };
  };
  /** The kernel with a vector, and its error. */
  const kernel = (r: number, v: number): readonly [number, number] => {
    const { sum, error } = product(r, vectors, v, kind === 'RBF');
    if (kind === 'LINEAR') return [sum, error];
    const at = kind === 'RBF' ? -gamma * sum : gamma * sum + coef0;
    const off = Math.abs(gamma) * error + 2 * u * (Math.abs(gamma * sum) + Math.abs(coef0));
    const f = (z: number) => (kind === 'RBF' ? Math.exp(z) : kind === 'POLY' ? z ** degree : Math.tanh(z));
    const k = f(at);
    const moved = Math.max(Math.abs(f(at + off) - k), Math.abs(f(at - off) - k));
    return [k, moved + 8 * u * Math.abs(k)];
  };
  return Float64Array.from({ length: n }, (_, r) => {
    if (count === 0) {
      const { sum, error } = product(r, coefficients, 0, false);
      return error + 2 * u * (Math.abs(sum) + rho);
    }
    let [size, error] = [rho, 0];
    for (let v = 0; v < count; v++) {
      const [k, e] = kernel(r, v);
      const c = Math.abs(coefficients[v] as number);
      size += c * Math.abs(k);
      error += c * e;
    }
    return error + 2 * (count + 2) * u * size;
  });
};
