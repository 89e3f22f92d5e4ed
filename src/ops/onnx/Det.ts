import { type Node, tensorType } from '../../ir/model.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { floats } from './constraints.ts';

/** The determinants of square matrices `[*, M, M]`, in double precision and rounded once. ONNX Operators, Det. */
export const Det: Operator = {
  domain: '',
  name: 'Det',
  since: [11, 22],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    if (dims === null) return [tensorType(dtype, null)];
    const [m, n] = dims.slice(-2);
    if (dims.length < 2) refused(node, 'it takes square matrices');
    if (typeof m === 'number' && typeof n === 'number') square(node, m, n);
    return [tensorType(dtype, dims.slice(0, -2))];
  },
  evaluate: ([x], node) => {
    const { dtype, dims, data } = x as Tensor;
    const [m, n] = dims.slice(-2) as [number, number];
    square(node, m, n);
    const out = zeros(dtype, dims.slice(0, -2));
    const round = rounder(dtype);
    for (let i = 0; i < countOf(out.dims); i++) {
      const matrix = Float64Array.from((data as Float64Array).subarray(i * m * m, (i + 1) * m * m));
      (out.data as Float64Array)[i] = round(determinant(matrix, m));
    }
    return [out];
  },
  rows: (node) => ((dimsOf(node.inputs[0])?.length ?? 0) > 2 ? 'each' : 'all'),
};

const square = (node: Node, m: number, n: number): void => {
  if (m !== n) refused(node, `a matrix of ${m} by ${n} is not square`);
};

/** Elimination with the largest pivot of the column; the matrix is used up. That of no rows at all is 1. */
const determinant = (a: Float64Array, m: number): number => {
  const at = (i: number, j: number) => a[i * m + j] as number;
  let product = 1;
  for (let k = 0; k < m; k++) {
    let pivot = k;
    for (let i = k + 1; i < m; i++) if (Math.abs(at(i, k)) > Math.abs(at(pivot, k))) pivot = i;
    if (pivot !== k) {
      for (let j = k; j < m; j++) {
        const kept = at(k, j);
        a[k * m + j] = at(pivot, j);
        a[pivot * m + j] = kept;
      }
      product = -product;
    }
    product *= at(k, k);
    if (product === 0) return 0;
    for (let i = k + 1; i < m; i++) {
      const factor = at(i, k) / at(k, k);
      for (let j = k + 1; j < m; j++) a[i * m + j] = at(i, j) - factor * at(k, j);
    }
  }
  return product;
};
