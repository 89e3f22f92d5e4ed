import { type Column, column, type DType, dtypeInfo, isBig } from './dtype.ts';

/**
 * A value at run time. `data` is in row-major order. Where `missing[i]` is 1 the element is absent, and
 * `data[i]` is the dtype's zero; a tensor without `missing` has every element.
 */
export interface Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: Column;
  readonly missing?: Uint8Array;
}

export const countOf = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);

export const tensor = (dtype: DType, dims: readonly number[], data: Column, missing?: Uint8Array): Tensor =>
  missing ? { dtype, dims, data, missing } : { dtype, dims, data };

/** A zero-filled tensor. */
export const zeros = (dtype: DType, dims: readonly number[]): Tensor => ({
  dtype,
  dims,
  data: column(dtype, countOf(dims)),
});

/** An array of the dtype from plain JavaScript values; numbers become bigints where the dtype wants them. */
export const columnOf = (dtype: DType, values: ArrayLike<number | bigint | string | boolean>): Column => {
  const out = column(dtype, values.length / dtypeInfo(dtype).width);
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    (out as unknown[])[i] =
      dtype === 'string' ? String(v) : isBig(dtype) ? BigInt(v as number | bigint) : Number(v);
  }
  return out;
};

export const tensorOf = (
  dtype: DType,
  dims: readonly number[],
  values: ArrayLike<number | bigint | string | boolean>,
): Tensor => tensor(dtype, dims, columnOf(dtype, values));

export const scalar = (dtype: DType, value: number | bigint | string | boolean): Tensor =>
  tensorOf(dtype, [], [value]);

/** The elements as numbers; 64-bit integers are converted (exact up to 2^53). */
export const numbers = (t: Tensor): ArrayLike<number> =>
  isBig(t.dtype) ? Float64Array.from(t.data as BigInt64Array, Number) : (t.data as Float64Array);

/** Row-major strides, in elements. */
export const strides = (dims: readonly number[]): number[] => {
  const out = new Array<number>(dims.length);
  let step = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    out[i] = step;
    step *= dims[i] as number;
  }
  return out;
};

/** NumPy's broadcasting of known shapes (ONNX, Broadcasting in ONNX); null where they do not fit. */
export const broadcast = (...shapes: readonly (readonly number[])[]): number[] | null => {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const s of shapes) {
    for (let i = 0; i < s.length; i++) {
      const at = rank - s.length + i;
      const d = s[i] as number;
      if (d === 1) continue;
      if (out[at] !== 1 && out[at] !== d) return null;
      out[at] = d;
    }
  }
  return out;
};

/**
 * For each element of a result of shape `out`, in order, the index of the element of a tensor of shape
 * `dims` that stands there after broadcasting; null if that is the identity.
 */
export const broadcastIndex = (dims: readonly number[], out: readonly number[]): Int32Array | null => {
  if (dims.length === out.length && dims.every((d, i) => d === out[i])) return null;
  const own = strides(dims);
  const step = out.map((_, i) => {
    const at = i - (out.length - dims.length);
    return at < 0 || dims[at] === 1 ? 0 : (own[at] as number);
  });
  const count = countOf(out);
  const index = new Int32Array(count);
  const at = new Array<number>(out.length).fill(0);
  let from = 0;
  for (let i = 0; i < count; i++) {
    index[i] = from;
    for (let d = out.length - 1; d >= 0; d--) {
      from += step[d] as number;
      at[d] = (at[d] as number) + 1;
      if ((at[d] as number) < (out[d] as number)) break;
      from -= (step[d] as number) * (out[d] as number);
      at[d] = 0;
    }
  }
  return index;
};
