/** Rows of input being made: for every element of a row, a column of values; in the end tensors. */
import { type Column, column, type DType, isBig } from '../tensor/dtype.ts';
import { rounder } from '../tensor/float.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Slot } from './probe.ts';

/** null: missing. */
export type SlotValue = number | string | null;

/** Tensors by name from a value for every slot and row. Missing becomes NaN or `""` where the input takes no missing. */
export const tensorsOf = (
  slots: readonly Slot[],
  rows: number,
  at: (slot: Slot, row: number) => SlotValue,
): Map<string, Tensor> => {
  const out = new Map<string, Tensor>();
  for (const first of slots) {
    const { value } = first;
    if (out.has(value.name) || value.type.kind !== 'tensor') continue;
    const own = slots.filter((s) => s.value === value);
    const width = own.length;
    const { dtype } = value.type;
    const data = column(dtype, rows * width);
    let missing: Uint8Array | undefined;
    const put = putter(dtype, data);
    own.forEach((slot, j) => {
      for (let i = 0; i < rows; i++) {
        const v = at(slot, i);
        const k = i * width + j;
        if (v !== null) put(k, v);
        else if (slot.absent) {
          missing ??= new Uint8Array(rows * width);
          missing[k] = 1;
        } else if (dtype !== 'string') put(k, Number.NaN);
      }
    });
    const dims = value.type.dims?.length === 1 ? [rows] : [rows, width];
    out.set(value.name, tensor(dtype, dims, data, missing));
  }
  return out;
};

const putter = (dtype: DType, data: Column): ((k: number, v: number | string) => void) => {
  if (dtype === 'string') return (k, v) => ((data as string[])[k] = String(v));
  if (isBig(dtype))
    return (k, v) => ((data as BigInt64Array)[k] = BigInt(Number.isFinite(v as number) ? v : 0));
  const round = rounder(dtype);
  return (k, v) => ((data as Float64Array)[k] = round(v as number));
};

/** Rows one after the other, of tensors with rows on axis 0. */
export const concatRows = (parts: readonly ReadonlyMap<string, Tensor>[]): Map<string, Tensor> => {
  const out = new Map<string, Tensor>();
  const [first] = parts;
  if (!first) return out;
  for (const [name, t] of first) {
    const all = parts.map((p) => p.get(name) as Tensor);
    const rows = all.reduce((n, x) => n + (x.dims[0] as number), 0);
    const data = column(
      t.dtype,
      all.reduce((n, x) => n + x.data.length, 0),
    );
    const missing = all.some((x) => x.missing) ? new Uint8Array(data.length) : undefined;
    let at = 0;
    for (const x of all) {
      if (Array.isArray(data)) for (let i = 0; i < x.data.length; i++) data[at + i] = x.data[i] as string;
      else (data as Float64Array).set(x.data as Float64Array, at);
      if (x.missing) missing?.set(x.missing, at);
      at += x.data.length;
    }
    out.set(name, tensor(t.dtype, [rows, ...t.dims.slice(1)], data, missing));
  }
  return out;
};
