import { createHash } from 'node:crypto';
import { type Column, type DType, dtypeInfo } from './dtype.ts';
import { countOf, type Tensor, tensorOf } from './tensor.ts';

/**
 * A handle to constant elements, wherever they are: in memory, in a file, or derived from another handle.
 * Nothing is read before `read` is called, and then only the window asked for.
 */
export interface Data {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly count: number;
  /** Elements `from` (inclusive) to `to` (exclusive), in row-major order. */
  read(from: number, to: number): Column;
  /** SHA-256 over dtype, shape and elements, in hex: equal for equal contents, wherever they are kept. */
  digest(): string;
}

const window = 1 << 20;

const bytesOf = (part: Column): Uint8Array =>
  Array.isArray(part)
    ? new TextEncoder().encode(part.map((s) => `${s.length}:${s}`).join(''))
    : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);

export const digestOf = (data: Pick<Data, 'dtype' | 'dims' | 'count' | 'read'>): string => {
  const hash = createHash('sha256').update(`${data.dtype}[${data.dims.join(',')}]`);
  for (let at = 0; at < data.count; at += window) {
    hash.update(bytesOf(data.read(at, Math.min(at + window, data.count))));
  }
  return hash.digest('hex');
};

/** Elements in memory. */
export const dataOf = (t: Tensor): Data => {
  const { width } = dtypeInfo(t.dtype);
  const count = countOf(t.dims);
  const data: Data = {
    dtype: t.dtype,
    dims: t.dims,
    count,
    read: (from, to) =>
      from === 0 && to === count
        ? t.data
        : Array.isArray(t.data)
          ? t.data.slice(from, to)
          : t.data.subarray(from * width, to * width),
    digest: () => digestOf(data),
  };
  return data;
};

/** Constant elements from plain values: a vector unless `dims` says otherwise. */
export const constant = (
  dtype: DType,
  values: ArrayLike<number | bigint | string | boolean>,
  dims: readonly number[] = [values.length],
): Data => dataOf(tensorOf(dtype, dims, values));

/** All elements, as a tensor. */
export const load = (data: Data): Tensor => ({
  dtype: data.dtype,
  dims: data.dims,
  data: data.read(0, data.count),
});
