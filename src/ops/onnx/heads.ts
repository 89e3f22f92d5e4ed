/**
 * What Attention and FlexAttention share: heads, the product of queries and keys, softmax over the keys, and what it takes
 * of the values; once on tensors `[batch, heads, length, size]`, and once with the builder. Each step rounds to the dtype
 * of its operands, as the standard's function bodies have it.
 */
import { attr, floatOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Dim, Node, Value } from '../../ir/model.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { strides, type Tensor, tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { dimsOf } from './axes.ts';
import { number, vector } from './expansion.ts';
import { same } from './extents.ts';
import { castTo } from './normalization.ts';
import { products } from './product.ts';
import { take, walk } from './take.ts';

/**
 * √scale, with which queries and keys are multiplied before their product; without the attribute the scale is 1 / √size.
 * Computed in single precision: the factor is then brought into the dtype of the queries.
 */
export const rootOfScale = (node: Node, size: number): number => {
  const scale = node.attributes.has('scale')
    ? Math.fround(floatOf(node, 'scale'))
    : Math.fround(1 / Math.fround(Math.sqrt(size)));
  return Math.fround(Math.sqrt(scale));
};

/** How many heads of queries share one of keys and values; a located refusal where they do not come out even. */
export const groupOf = (node: Node, queries: number, keys: number): number =>
  keys > 0 && queries % keys === 0
    ? queries / keys
    : refused(node, `${queries} heads of queries are no multiple of ${keys} heads of keys`);

/** The one extent that all must be, or a located refusal. */
export const agree = (node: Node, what: string, ...dims: readonly (Dim | undefined)[]): Dim => {
  const numbers = new Set(dims.filter((d) => typeof d === 'number'));
  return numbers.size > 1
    ? refused(node, `${what} are ${[...numbers].join(' and ')}`)
    : same(dims.map((d) => d ?? null));
};

/** `[batch, length, heads · size]` as `[batch, heads, length, size]`. */
export const unpacked = (t: Tensor, heads: number): Tensor => {
  const [batch, length, hidden] = t.dims as [number, number, number];
  const size = hidden / heads;
  const own = strides([batch, length, heads, size]) as [number, number, number, number];
  const dims = [batch, heads, length, size];
  return take(t, dims, walk(dims, [own[0], own[2], own[1], own[3]]));
};

/** `[batch, heads, length, size]` as `[batch, length, heads · size]`. */
export const packed = (t: Tensor): Tensor => {
  const [batch, heads, length, size] = t.dims as [number, number, number, number];
  const own = strides(t.dims) as [number, number, number, number];
  const index = walk([batch, length, heads, size], [own[0], own[2], own[1], own[3]]);
  return take(t, [batch, length, heads * size], index);
};

/**
 * The product of matrices head by head: `a` `[batch, H, m, k]`, `b` `[batch, H / group, k, n]`, or `[…, n, k]` where it
 * is `turned`.
 */
export const headProducts = (a: Tensor, b: Tensor, turned: boolean): Tensor => {
  const [batch, heads, m, k] = a.dims as [number, number, number, number];
  const [, shared, rows, columns] = b.dims as [number, number, number, number];
  const n = turned ? rows : columns;
  const group = heads / shared;
  const out = products(a.dtype, batch * heads * m * n);
  for (let i = 0; i < batch * heads; i++) {
    const other = Math.floor(i / heads) * shared + Math.floor((i % heads) / group);
    const left = { data: a.data, at: i * m * k, row: k, column: 1 };
    const at = other * rows * columns;
    const right = { data: b.data, at, row: turned ? 1 : columns, column: turned ? columns : 1 };
    out.add(i * m * n, left, right, [m, k, n]);
  }
  return tensor(a.dtype, [batch, heads, m, n], out.done());
};

/** Softmax over the last axis, each step rounded as Softmax is expanded: the largest off, e^x, their sum, the quotient. */
export const softmaxOverKeys = (t: Tensor): Tensor => {
  const keys = t.dims.at(-1) as number;
  const [x, out] = [t.data as Float64Array, column(t.dtype, t.data.length) as Float64Array];
  const [round, step] = [rounder(t.dtype), stepRounder(t.dtype)];
  for (let at = 0; at < x.length; at += keys) {
    let most = -Infinity;
    for (let j = 0; j < keys; j++) most = Math.max(most, x[at + j] as number);
    let sum = 0;
    for (let j = 0; j < keys; j++) {
      const e = round(Math.exp(round((x[at + j] as number) - most)));
      out[at + j] = e;
      sum = step(sum + e);
    }
    const total = round(sum);
    for (let j = 0; j < keys; j++) out[at + j] = round((out[at + j] as number) / total);
  }
  return tensor(t.dtype, t.dims, out);
};

/** The extent of a value's axis as a vector of one: a constant where it is known. */
export const extent = (b: Builder, x: Value, axis: number): Value => {
  const dim = dimsOf(x)?.[axis];
  return typeof dim === 'number'
    ? vector(b, [dim])
    : b.op('Gather', [b.op('Shape', [x]), vector(b, [axis])], { axis: attr.int(0) });
};

/** Extents, known and computed ones, as one shape. */
export const shape = (b: Builder, parts: readonly (number | Value)[]): Value => {
  const values = parts.map((p) => (typeof p === 'number' ? p : (b.known(p)?.read(0, 1)[0] ?? p)));
  if (values.every((v) => typeof v !== 'object')) return vector(b, values.map(Number));
  return b.op(
    'Concat',
    parts.map((p) => (typeof p === 'number' ? vector(b, [p]) : p)),
    { axis: attr.int(0) },
  );
};

/** Heads `[batch, heads, length, size]`, each `group` times in a row. */
export const repeatedHeads = (b: Builder, x: Value, heads: number, group: number): Value => {
  if (group === 1) return x;
  const each = b.op('Expand', [b.op('Unsqueeze', [x, vector(b, [2])]), vector(b, [1, 1, group, 1, 1])]);
  return b.op('Reshape', [
    each,
    shape(b, [extent(b, x, 0), heads * group, extent(b, x, 2), extent(b, x, 3)]),
  ]);
};

/** The product of queries and keys (of as many heads), both multiplied with the root of the scale. */
export const scaledProduct = (node: Node, b: Builder, queries: Value, keys: Value, dtype: DType): Value => {
  const root = rootInGraph(node, b, queries, dtype);
  const turned = b.op('Transpose', [keys], { perm: attr.ints([0, 1, 3, 2]) });
  return b.op('MatMul', [b.op('Mul', [queries, root]), b.op('Mul', [turned, root])]);
};

const rootInGraph = (node: Node, b: Builder, queries: Value, dtype: DType): Value => {
  const size: Dim | undefined = dimsOf(queries)?.[3];
  if (typeof size === 'number' || node.attributes.has('scale')) {
    return number(b, dtype, rounder(dtype)(rootOfScale(node, Number(size))));
  }
  const root = b.op('Sqrt', [castTo(b, b.op('Squeeze', [extent(b, queries, 3)]), 'float32')]);
  return castTo(b, b.op('Sqrt', [b.op('Div', [number(b, 'float32', 1), root])]), dtype);
};
