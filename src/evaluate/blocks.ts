/** Rows in blocks, where every operator says that rows are independent. */
import { fail } from '../ir/diagnostic.ts';
import type { Model, Value } from '../ir/model.ts';
import { type Column, column, dtypeInfo } from '../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../tensor/tensor.ts';

export const hasRows = (model: Model, v: Value): boolean =>
  model.rows !== null && v.type.kind === 'tensor' && v.type.dims !== null && v.type.dims[0] === model.rows;

/** The rows that all inputs have; null where none has any. */
export const rowCount = (model: Model, inputs: ReadonlyMap<Value, Tensor>): number | null => {
  let rows: number | null = null;
  for (const [v, t] of inputs) {
    if (!hasRows(model, v)) continue;
    if (rows !== null && t.dims[0] !== rows) {
      fail('evaluate/row-count', `the inputs have ${rows} and ${t.dims[0]} rows`);
    }
    rows = t.dims[0] as number;
  }
  return rows;
};

/** Rows `from` to `to` of a tensor that has rows on axis 0. */
export const sliceRows = (t: Tensor, from: number, to: number): Tensor => {
  const [, ...rest] = t.dims;
  const step = countOf(rest);
  const { width } = dtypeInfo(t.dtype);
  const cut = (a: Column, w: number): Column =>
    Array.isArray(a) ? a.slice(from * step, to * step) : a.subarray(from * step * w, to * step * w);
  return tensor(
    t.dtype,
    [to - from, ...rest],
    cut(t.data, width),
    t.missing && (cut(t.missing, 1) as Uint8Array),
  );
};

/** Runs `run` on blocks of `block` rows and joins what it gives. */
export const inBlocks = (
  rows: number,
  block: number,
  model: Model,
  inputs: ReadonlyMap<Value, Tensor>,
  run: (part: Map<Value, Tensor>) => Map<Value, Tensor>,
): Map<Value, Tensor> => {
  const whole = new Map<Value, Tensor & { missing?: Uint8Array }>();
  for (let from = 0; from < rows; from += block) {
    const to = Math.min(from + block, rows);
    const part = new Map<Value, Tensor>();
    for (const [v, t] of inputs) part.set(v, hasRows(model, v) ? sliceRows(t, from, to) : t);
    for (const [v, t] of run(part)) {
      const [, ...rest] = t.dims;
      const step = countOf(rest);
      let target = whole.get(v);
      if (!target) {
        target = tensor(t.dtype, [rows, ...rest], column(t.dtype, rows * step));
        whole.set(v, target);
      }
      if (t.missing && !target.missing) {
        target = { ...target, missing: new Uint8Array(rows * step) };
        whole.set(v, target);
      }
      if (t.missing) target.missing?.set(t.missing, from * step);
      if (Array.isArray(t.data)) {
        for (let i = 0; i < t.data.length; i++)
          (target.data as string[])[from * step + i] = t.data[i] as string;
      } else {
        (target.data as Float64Array).set(t.data as Float64Array, from * step * dtypeInfo(t.dtype).width);
      }
    }
  }
  return whole;
};
