/** Lists of items, one a row, to planes: which items are among them. */
import type { Field, TensorType, Value } from '../ir/model.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { spell } from './cell.ts';
import { type Cell, isMissing, missingColumn, type Table } from './table.ts';

const listOf = (cell: Cell | undefined): readonly Cell[] =>
  cell === undefined || isMissing(cell) ? [] : Array.isArray(cell) ? cell : [cell];

/**
 * The tensor of a basket (`Basket` says of which shapes); undefined where the fields are none, or where the table has a
 * column of true and false for each item. Items that the model does not know are left out.
 */
export const bindBasket = (table: Table, value: Value, fields: readonly Field[]): Tensor | undefined => {
  const [field] = fields;
  const basket = field?.basket;
  const { type } = value;
  if (!field || !basket || type.kind !== 'tensor') return undefined;
  const cells = table.columns.get(basket.from);
  if (!cells) {
    if (basket.along === undefined && fields.every((f) => table.columns.has(f.name))) return undefined;
    // Equidistant transactions need no times.
    return missingColumn(table, basket.from);
  }
  if (type.dtype !== 'bool') return times(table, cells);
  return basket.along === undefined ? baskets(table, cells, fields) : sequences(table, cells, field, type);
};

const baskets = (table: Table, cells: readonly Cell[], fields: readonly Field[]): Tensor => {
  const width = Math.max(0, ...fields.map((f) => (f.column ?? 0) + 1));
  const columns = new Map(fields.map((f) => [f.basket?.item, f.column ?? 0]));
  const data = new Uint8Array(table.rows * width);
  for (let i = 0; i < table.rows; i++) {
    for (const item of listOf(cells[i])) {
      const k = isMissing(item) ? undefined : columns.get(spell(item));
      if (k !== undefined) data[i * width + k] = 1;
    }
  }
  return tensor('bool', [table.rows, width], data);
};

/** At least one transaction: no graph has to cope with none. */
const longest = (cells: readonly Cell[]): number =>
  cells.reduce((n: number, c) => Math.max(n, listOf(c).length), 1);

const sequences = (table: Table, cells: readonly Cell[], field: Field, type: TensorType): Tensor => {
  const items = new Map((field.categories ?? []).map((c, k) => [String(c), k]));
  const width = Number(type.dims?.[2] ?? items.size);
  const length = longest(cells);
  const data = new Uint8Array(table.rows * length * width);
  for (let i = 0; i < table.rows; i++) {
    listOf(cells[i]).forEach((transaction, t) => {
      for (const item of listOf(transaction)) {
        const k = isMissing(item) ? undefined : items.get(spell(item));
        if (k !== undefined) data[(i * length + t) * width + k] = 1;
      }
    });
  }
  return tensor('bool', [table.rows, length, width], data);
};

/** Where there is no transaction any more there is no item either, and the time means nothing. */
const times = (table: Table, cells: readonly Cell[]): Tensor => {
  const length = longest(cells);
  const data = new Float64Array(table.rows * length);
  for (let i = 0; i < table.rows; i++) {
    listOf(cells[i]).forEach((time, t) => {
      data[i * length + t] = Number(time);
    });
  }
  return tensor('float64', [table.rows, length], data);
};
