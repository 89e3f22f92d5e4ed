/** NumPy's matmul: the product of the last two axes, the others broadcast. ONNX Operators, MatMul. */
import type { Dim, Node, Value } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import { broadcast, broadcastIndex, countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';
import { type Dims, dimsOf } from './axes.ts';
import { products } from './product.ts';

/** A vector on the left is a row, on the right a column. */
const matrices = <D extends Dim>(
  a: readonly D[],
  b: readonly D[],
): [readonly (D | 1)[], readonly (D | 1)[]] => [
  a.length === 1 ? [1, ...a] : a,
  b.length === 1 ? [...b, 1] : b,
];

/** The extents of the product; a located refusal where the two do not fit. */
export const inferMatrices = (node: Node, x: Dims, y: Dims): Dims => {
  if (x === null || y === null) return null;
  if (x.length === 0 || y.length === 0) refused(node, 'it takes no scalars');
  const [a, b] = matrices(x, y);
  const [k, l] = [a.at(-1), b.at(-2)];
  if (typeof k === 'number' && typeof l === 'number' && k !== l) {
    refused(node, `a row of ${k} elements meets a column of ${l}`);
  }
  const batch = broadcastDims(a.slice(0, -2), b.slice(0, -2));
  if (batch === undefined) return refused(node, 'the leading axes do not broadcast');
  return [
    ...(batch ?? []),
    ...(x.length === 1 ? [] : [a.at(-2) ?? null]),
    ...(y.length === 1 ? [] : [b.at(-1) ?? null]),
  ];
};

/** Both of one dtype. */
export const multiply = (node: Node, x: Tensor, y: Tensor): Tensor => {
  const [a, b] = matrices(x.dims, y.dims);
  const [m, k, n] = [a.at(-2), a.at(-1), b.at(-1)] as [number, number, number];
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2));
  if (!batch || k !== b.at(-2)) return refused(node, `[${x.dims}] and [${y.dims}] do not fit`);
  const [ia, ib] = [broadcastIndex(a.slice(0, -2), batch), broadcastIndex(b.slice(0, -2), batch)];
  const count = countOf(batch);
  const out = products(x.dtype, count * m * n);
  for (let i = 0; i < count; i++) {
    const left = { data: x.data, at: (ia ? (ia[i] as number) : i) * m * k, row: k, column: 1 };
    const right = { data: y.data, at: (ib ? (ib[i] as number) : i) * k * n, row: n, column: 1 };
    out.add(i * m * n, left, right, [m, k, n]);
  }
  const dims = [...batch, ...(x.dims.length === 1 ? [] : [m]), ...(y.dims.length === 1 ? [] : [n])];
  return tensor(x.dtype, dims, out.done());
};

/** Rows on axis 0 of the left matrix, or of a batch of left matrices, against what has no rows. */
export const rowsOfProduct = (
  left: Value | null | undefined,
  right: Value | null | undefined,
  others: readonly (Value | null | undefined)[] = [],
): 'each' | 'all' => {
  const [a, b] = [dimsOf(left), dimsOf(right)];
  return a &&
    b &&
    a.length >= 2 &&
    b.every((d) => typeof d === 'number') &&
    b.length <= Math.max(a.length - 1, 2) &&
    others.every((v) => !v || dimsOf(v)?.every((d) => typeof d === 'number'))
    ? 'each'
    : 'all';
};
