/** The shape shared by the element-by-element operators: each file says only what happens to one element. */
import type { Node, TensorType, Type } from '../../ir/model.ts';
import { tensorType } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import type { Fn, Lowered, Row } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import { column, type DType, isBig } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { broadcast, broadcastIndex, countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';

/** Broadcast of all inputs, in the dtype of the first (or `result`). */
export const inferElementwise =
  (dtypes?: readonly DType[], result?: DType) =>
  (node: Node): readonly Type[] => {
    const types = node.inputs.map((_, i) => tensorInput(node, i, dtypes));
    const first = types[0] as TensorType;
    const other = types.find((t) => t.dtype !== first.dtype);
    if (other) refused(node, `the inputs are ${first.dtype} and ${other.dtype}; they must be one type`);
    const dims = broadcastDims(...types.map((t) => t.dims));
    if (dims === undefined) refused(node, 'the shapes do not broadcast');
    return [tensorType(result ?? first.dtype, dims as TensorType['dims'])];
  };

type Scalar = number | string;

/** Applies `f` to every pair after broadcasting; rounds to the result's dtype. Strings compare as strings. */
export const binary = (
  a: Tensor,
  b: Tensor,
  node: Node,
  f: (x: never, y: never) => Scalar | boolean | bigint,
  result: DType = a.dtype,
): Tensor => {
  const dims =
    broadcast(a.dims, b.dims) ?? refused(node, `shapes [${a.dims}] and [${b.dims}] do not broadcast`);
  const count = countOf(dims);
  const ia = broadcastIndex(a.dims, dims);
  const ib = broadcastIndex(b.dims, dims);
  const out = column(result, count) as Scalar[];
  const round = rounder(result);
  const wrap = isBig(result) ? (x: unknown) => x : (x: unknown) => (typeof x === 'number' ? round(x) : x);
  for (let i = 0; i < count; i++) {
    const x = a.data[ia ? (ia[i] as number) : i];
    const y = b.data[ib ? (ib[i] as number) : i];
    out[i] = wrap(f(x as never, y as never)) as Scalar;
  }
  return tensor(result, dims, out as unknown as Tensor['data']);
};

/** Applies `f` to every element; rounds to the result's dtype. */
export const unary = (
  a: Tensor,
  f: (x: never) => Scalar | boolean | bigint,
  result: DType = a.dtype,
): Tensor => {
  const count = countOf(a.dims);
  const out = column(result, count) as Scalar[];
  const round = rounder(result);
  for (let i = 0; i < count; i++) {
    const y = f(a.data[i] as never);
    out[i] = (typeof y === 'number' ? round(y) : y) as Scalar;
  }
  return tensor(result, a.dims, out as unknown as Tensor['data']);
};

/** Lowers to one function of the row language, broadcasting within the row. */
export const lowerTo =
  (fn: Fn, result?: DType): NonNullable<Operator['lower']> =>
  (_, inputs) => {
    const given = inputs as readonly Lowered[];
    const dims = broadcast(...given.map((x) => x.dims)) ?? [];
    const dtype = result ?? (given[0] as Lowered).dtype;
    return [
      {
        dtype,
        dims,
        element: (index) => ({
          k: 'apply',
          fn,
          dtype,
          args: given.map((x) => x.element(reindex(x.dims, dims, index))),
        }),
      },
    ];
  };

/** Row index into an operand of shape `dims` from the index into the broadcast result. */
const reindex = (dims: readonly number[], out: readonly number[], index: Row): Row => {
  if (countOf(dims) === 1) return { k: 'const', dtype: 'int32', value: 0 };
  const map = broadcastIndex(dims, out);
  return map === null ? index : { k: 'at', table: constant('int32', map), key: index };
};

export const rowsEach = (): 'each' => 'each';
