import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, tensorType } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import type { Lowered } from '../../kernel/row.ts';
import { broadcast, broadcastIndex, countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, rowShape } from './axes.ts';
import { floats } from './constraints.ts';
import { lowerProduct, products } from './product.ts';
import { intRow, whole } from './take.ts';

const dtypes = [...floats, 'int32', 'int64', 'uint32', 'uint64'] as const;

/** A vector on the left is a row, on the right a column. */
const matrices = <D extends Dim>(
  a: readonly D[],
  b: readonly D[],
): [readonly (D | 1)[], readonly (D | 1)[]] => [
  a.length === 1 ? [1, ...a] : a,
  b.length === 1 ? [...b, 1] : b,
];

/** The product of the last two axes, the others broadcast (NumPy's matmul). ONNX Operators, MatMul. */
export const MatMul: Operator = {
  domain: '',
  name: 'MatMul',
  since: [1, 9, 13],
  infer: (node) => {
    const x = tensorInput(node, 0, dtypes);
    const y = tensorInput(node, 1, [x.dtype]);
    if (x.dims === null || y.dims === null) return [tensorType(x.dtype, null)];
    if (x.dims.length === 0 || y.dims.length === 0) refused(node, 'it takes no scalars');
    const [a, b] = matrices(x.dims, y.dims);
    const [k, l] = [a.at(-1), b.at(-2)];
    if (typeof k === 'number' && typeof l === 'number' && k !== l) {
      refused(node, `a row of ${k} elements meets a column of ${l}`);
    }
    const batch = broadcastDims(a.slice(0, -2), b.slice(0, -2));
    if (batch === undefined) return refused(node, 'the leading axes do not broadcast');
    const dims = [
      ...(batch ?? []),
      ...(x.dims.length === 1 ? [] : [a.at(-2) ?? null]),
      ...(y.dims.length === 1 ? [] : [b.at(-1) ?? null]),
    ];
    return [tensorType(x.dtype, dims)];
  },
  evaluate: (inputs, node) => {
    const [x, y] = inputs as readonly [Tensor, Tensor];
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
    return [tensor(x.dtype, dims, out.done())];
  },
  lower: (node, [x], to) => {
    const table = to.known(node.inputs[1]);
    if (!table || table.dims.length > 2) {
      return refuse('ops/matmul-constant', 'the right side is not a constant matrix');
    }
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const left = x as Lowered;
    const [k = 1, n = 1] = table.dims;
    const m = countOf(left.dims) / k;
    const element = lowerProduct(
      left.dtype,
      [m, k, n],
      (i, l) => left.element(intRow('add', intRow('mul', i, whole(k)), l)),
      (l, j) => ({ k: 'at', table, key: intRow('add', intRow('mul', l, whole(n)), j) }),
    );
    return [{ dtype: left.dtype, dims, element }];
  },
  rows: (node) => {
    const [a, b] = node.inputs.map(dimsOf);
    // Rows on axis 0 of the left matrix, or of a batch of left matrices, against what has no rows.
    return a &&
      b &&
      a.length >= 2 &&
      b.every((d) => typeof d === 'number') &&
      b.length <= Math.max(a.length - 1, 2)
      ? 'each'
      : 'all';
  },
};
