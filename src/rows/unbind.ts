/** A model's results to a table: one column a field, one row a row. */
import { fail } from '../ir/diagnostic.ts';
import type { Field } from '../ir/model.ts';
import type { DType } from '../tensor/dtype.ts';
import { dtypeInfo } from '../tensor/dtype.ts';
import { countOf, type Tensor } from '../tensor/tensor.ts';
import { shortest32 } from './cell.ts';
import { formatTemporal, isTemporal } from './dates.ts';
import type { Cell, Table } from './table.ts';

export interface Results extends Table {
  /** Cells that are missing: the model gives no result there. */
  readonly missing: number;
}

/**
 * The output fields in their order, a list in one cell; further columns of a tensor that one field names as a whole are `<name>_0 …`.
 * Numbers are held so that their shortest spelling reads back exactly in the tensor's own dtype.
 */
export const unbind = (
  tensors: ReadonlyMap<string, Tensor>,
  fields: readonly Field[],
  file = 'results',
): Results => {
  const columns = new Map<string, Cell[]>();
  let rows = 0;
  let missing = 0;
  for (const field of fields) {
    if (field.role !== 'output') continue;
    const t = tensors.get(field.value.name);
    if (!t)
      return fail('rows/missing-result', `there is no result '${field.value.name}' for '${field.name}'`);
    const count = t.dims[0] ?? 1;
    const width = countOf(t.dims.slice(1));
    const cell = cellReader(t, field);
    if (field.list) {
      columns.set(
        field.name,
        Array.from({ length: count }, (_, i) =>
          Array.from({ length: width }, (_, j) => cell(i * width + j)).filter((c) => c !== null && c !== ''),
        ),
      );
      rows = Math.max(rows, count);
      continue;
    }
    for (let j = field.column ?? 0; j < (field.column === undefined ? width : field.column + 1); j++) {
      const cells = new Array<Cell>(count);
      for (let i = 0; i < count; i++) {
        const c = cell(i * width + j);
        if (c === null) missing++;
        cells[i] = c;
      }
      columns.set(field.column === undefined && width > 1 ? `${field.name}_${j}` : field.name, cells);
    }
    rows = Math.max(rows, count);
  }
  return { file, columns, rows, missing };
};

/** Element `i` as a cell; null where it is missing. */
export const cellOf = (t: Tensor, i: number, logical?: string): Cell => {
  if (t.missing?.[i]) return null;
  const x = t.data[i] as string | number | bigint;
  if (t.dtype === 'bool') return x === 1;
  if (typeof x !== 'number') return x;
  if (isTemporal(logical)) return formatTemporal(logical, x) ?? x;
  return narrow(t.dtype) ? shortest32(x) : x;
};

const narrow = (dtype: DType): boolean => dtypeInfo(dtype).kind === 'float' && dtype !== 'float64';

const cellReader =
  (t: Tensor, field: Field) =>
  (i: number): Cell =>
    cellOf(t, i, field.logical);
