/** A table to the tensors that a model's input fields name. */
import { type Diagnostics, fail } from '../ir/diagnostic.ts';
import type { Field, TensorType, Value } from '../ir/model.ts';
import { formatType } from '../ir/shape.ts';
import { type Column, column, type DType, dtypeInfo, isBig, isInteger } from '../tensor/dtype.ts';
import { rounder } from '../tensor/float.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { bindBasket } from './basket.ts';
import { inRange, parseBoolean, parseInteger, parseNumber, spell } from './cell.ts';
import { isTemporal, parseTemporal } from './dates.ts';
import { inGroups } from './group.ts';
import { type Cell, missingColumn, placeOf, type Table } from './table.ts';

/**
 * The tensors by name, rows on axis 0. Columns that no field names are ignored. A tensor of several columns takes them by
 * the names of its fields, else by `<tensor>_0 …`, else (with a warning) in the order of the table. `NA`, `N/A`, the
 * empty cell and the field's own markers are missing: missing where the type allows it, else NaN or `""`.
 * Baskets come from lists, from rows that share a group (`inGroups`), or from a column of true and false for each item.
 * Throws `rows/missing-column`, `rows/unparsable-cell`, `rows/missing-cell`, located.
 */
export const bind = (rows: Table, fields: readonly Field[], notes?: Diagnostics): Map<string, Tensor> => {
  const table = inGroups(rows, fields);
  const groups = new Map<Value, Field[]>();
  for (const f of fields) {
    if (f.role !== 'input') continue;
    const group = groups.get(f.value);
    if (group) group.push(f);
    else groups.set(f.value, [f]);
  }
  const bound = new Map<string, Tensor>();
  for (const [value, group] of groups) {
    bound.set(value.name, bindBasket(table, value, group) ?? bindValue(table, value, group, notes));
  }
  return bound;
};

/** What fills the elements of one row, in order: a column of the table, read as a field says. */
interface Source {
  readonly name: string;
  readonly cells: readonly Cell[];
  readonly field: Field;
}

const bindValue = (
  table: Table,
  value: Value,
  fields: readonly Field[],
  notes: Diagnostics | undefined,
): Tensor => {
  const { type } = value;
  if (type.kind !== 'tensor' || type.dims?.length === 0) {
    return fail(
      'rows/input-type',
      `input '${value.name}' is ${formatType(type)}: rows cannot be bound to it`,
    );
  }
  const whole = fields.length === 1 && fields[0]?.column === undefined ? fields[0] : undefined;
  const list = whole && table.columns.get(whole.name);
  if (whole && list?.some(Array.isArray)) return bindLists(table, type, whole, list);
  const sources = sourcesOf(table, value, type, fields, notes);
  const width = sources.length;
  const filler = new Filler(type, table.rows * width);
  sources.forEach((s, j) => {
    const read = reader(table, type, s, notes);
    for (let i = 0; i < table.rows; i++) filler.set(i * width + j, read(s.cells[i] ?? null, i));
  });
  return filler.tensor(shapeOfRows(type, table.rows, width));
};

/** The elements of every row as the type arranges them; an unknown extent takes what is left. */
export const shapeOfRows = (type: TensorType, rows: number, width: number): number[] => {
  if (type.dims === null) return [rows, width];
  const rest = type.dims.slice(1);
  const known = rest.reduce((n: number, d) => n * (typeof d === 'number' ? d : 1), 1);
  const open = rest.filter((d) => typeof d !== 'number').length;
  return [rows, ...rest.map((d) => (typeof d === 'number' ? d : open === 1 ? width / known : 1))];
};

const extent = (type: TensorType): number | undefined => {
  if (type.dims === null) return undefined;
  let n = 1;
  for (const d of type.dims.slice(1)) {
    if (typeof d !== 'number') return undefined;
    n *= d;
  }
  return n;
};

const sourcesOf = (
  table: Table,
  value: Value,
  type: TensorType,
  fields: readonly Field[],
  notes: Diagnostics | undefined,
): Source[] => {
  const byName = fields.map((field) => ({ field, name: field.name, cells: table.columns.get(field.name) }));
  const [first] = byName;
  const scalar = fields.length === 1 && (extent(type) ?? fields.length) === 1;
  if (scalar && first) {
    const { cells } = first;
    return [{ ...first, cells: cells ?? missingColumn(table, first.name) }];
  }
  // Several elements a row: fields that name columns of the tensor, or one field for all of it.
  const named = fields.every((f) => f.column !== undefined);
  const width = extent(type) ?? (named ? Math.max(...fields.map((f) => f.column ?? 0)) + 1 : undefined);
  const fieldAt = (j: number): Field =>
    (named ? fields.find((f) => f.column === j) : fields[0]) ?? (fields[0] as Field);
  if (named && byName.length === width && byName.every((s) => s.cells)) {
    return Array.from({ length: width }, (_, j) => byName.find((s) => s.field.column === j) as Source);
  }
  const numbered: Source[] = [];
  for (let j = 0; j < (width ?? Infinity); j++) {
    const name = `${value.name}_${j}`;
    const cells = table.columns.get(name);
    if (!cells) break;
    numbered.push({ field: fieldAt(j), name, cells });
  }
  if (numbered.length > 0 && (width === undefined || numbered.length === width)) return numbered;
  // Names that a reader made up bind nobody; names that the model carries do.
  const carried = named && fields.some((f) => f.name !== `${value.name}_${f.column}`);
  const absent = byName.find((s) => !s.cells)?.name ?? value.name;
  const all = [...table.columns];
  if (carried || numbered.length > 0 || all.length < (width ?? 1)) return missingColumn(table, absent);
  const taken = all.slice(0, width ?? all.length);
  notes?.add(
    'warning',
    'rows/columns-in-order',
    `the columns of '${value.name}' have no names in the model: taken in the order of the table (${taken.length === all.length ? `all ${all.length}` : `the first ${taken.length} of ${all.length}`})`,
  );
  return taken.map(([name, cells], j) => ({ field: fieldAt(j), name, cells }));
};

type Scalar = string | number | bigint | boolean | null;

const flatten = (cell: Cell, out: Exclude<Cell, readonly Cell[]>[]): void => {
  if (Array.isArray(cell)) for (const c of cell) flatten(c, out);
  else out.push(cell as Exclude<Cell, readonly Cell[]>);
};

/** One list a row, nested as it likes: its elements in order. */
const bindLists = (table: Table, type: TensorType, field: Field, cells: readonly Cell[]): Tensor => {
  const source = { name: field.name, cells, field };
  const read = reader(table, type, source, undefined);
  const rows = cells.map((c) => {
    const flat: Exclude<Cell, readonly Cell[]>[] = [];
    flatten(c, flat);
    return flat;
  });
  const width = extent(type) ?? rows[0]?.length ?? 0;
  const filler = new Filler(type, rows.length * width);
  rows.forEach((row, i) => {
    if (row.length !== width) {
      fail(
        'rows/list-length',
        `${row.length} elements where ${width} are taken`,
        placeOf(table, i, field.name),
      );
    }
    row.forEach((c, j) => {
      filler.set(i * width + j, read(c, i));
    });
  });
  return filler.tensor(shapeOfRows(type, rows.length, width));
};

const always = ['', 'NA', 'N/A'];

/** How a cell of one column is read; null: missing. */
const reader = (
  table: Table,
  type: TensorType,
  { name, field }: Source,
  notes: Diagnostics | undefined,
): ((cell: Cell, row: number) => Scalar) => {
  const { dtype } = type;
  const missing = new Set([...always, ...(field.missing ?? [])]);
  const decimal = table.decimal ?? '.';
  // A marker that is a number is meant as that number, however a cell spells it.
  const markers = new Set(
    dtype === 'string' ? [] : (field.missing ?? []).map((m) => parseNumber(m)).filter((m) => m !== undefined),
  );
  const collision = field.categories?.find((c) => typeof c === 'string' && always.includes(c));
  if (collision !== undefined) {
    notes?.add(
      'warning',
      'rows/missing-is-category',
      `'${collision}' is a category of '${field.name}', but in a table it means a missing value`,
    );
  }
  const convert = converter(dtype, field, decimal);
  const plain = type.absent === 'never' && (isInteger(dtype) || dtype === 'bool');
  return (cell, row) => {
    let value: Scalar;
    if (cell === null || (typeof cell === 'string' && missing.has(cell))) value = null;
    else {
      const converted = Array.isArray(cell) ? undefined : convert(cell as Exclude<Scalar, null>);
      if (converted === undefined) {
        return fail(
          'rows/unparsable-cell',
          `${JSON.stringify(spell(cell))} is no ${spoken(dtype, field)}`,
          placeOf(table, row, name),
          typeof cell === 'string' &&
            decimal === '.' &&
            /^\s*[+-]?\d+,\d+\s*$/.test(cell) &&
            dtype !== 'string'
            ? 'numbers with a decimal comma are read with --decimal ,'
            : 'an empty cell, NA and N/A are missing; infinity is spelled Infinity, not a number NaN',
        );
      }
      value = typeof converted === 'number' && markers.has(converted) ? null : converted;
    }
    if (value === null && plain) {
      return fail(
        'rows/missing-cell',
        `the cell is missing, and the model's ${dtype} input '${field.value.name}' takes no missing values`,
        placeOf(table, row, name),
      );
    }
    return value;
  };
};

const spoken = (dtype: DType, field: Field): string => {
  if (isTemporal(field.logical)) return field.logical;
  if (dtype === 'bool') return 'boolean (true, false, 1, 0)';
  return isInteger(dtype) ? `${dtype} integer` : dtype === 'string' ? 'text' : 'number';
};

/** A cell as a value of the dtype; undefined where it is none. */
const converter = (
  dtype: DType,
  field: Field,
  decimal: string,
): ((cell: Exclude<Scalar, null>) => Exclude<Scalar, null> | undefined) => {
  if (dtype === 'string') return spell;
  const { logical } = field;
  if (isTemporal(logical)) {
    return (cell) => (typeof cell === 'string' ? parseTemporal(logical, cell) : Number(cell));
  }
  if (dtype === 'bool') return (cell) => (typeof cell === 'boolean' ? cell : parseBoolean(spell(cell)));
  if (isInteger(dtype)) {
    return (cell) => {
      if (typeof cell === 'boolean') return cell ? 1n : 0n;
      const x = typeof cell === 'bigint' ? cell : parseInteger(integerText(cell), decimal);
      return x !== undefined && inRange(x, dtype) ? x : undefined;
    };
  }
  const logicalBoolean = logical === 'boolean';
  return (cell) => {
    if (typeof cell === 'string') {
      const x = parseNumber(cell, decimal);
      if (x !== undefined || !logicalBoolean) return x;
      const b = parseBoolean(cell);
      return b === undefined ? undefined : Number(b);
    }
    return Number(cell);
  };
};

/** A JSON number in plain digits, so that 1e3 and 1000 are the same integer. */
const integerText = (cell: string | number): string =>
  typeof cell === 'number' && Number.isInteger(cell) ? BigInt(cell).toString() : String(cell);

/** Elements of one dtype, set in any order. */
class Filler {
  private readonly data: Column;
  private readonly absent: TensorType['absent'];
  private readonly dtype: DType;
  private readonly round: (x: number) => number;
  private missing: Uint8Array | undefined;

  constructor(type: TensorType, count: number) {
    this.dtype = type.dtype;
    this.absent = type.absent;
    this.data = column(type.dtype, count);
    this.round = rounder(type.dtype);
  }

  set(at: number, value: Scalar): void {
    const { data, dtype } = this;
    if (value === null) {
      if (this.absent === 'missing') {
        this.missing ??= new Uint8Array(data.length);
        this.missing[at] = 1;
      } else if (dtypeInfo(dtype).kind === 'float') (data as Float64Array)[at] = Number.NaN;
      return;
    }
    if (dtype === 'string') (data as string[])[at] = String(value);
    else if (isBig(dtype)) (data as BigInt64Array)[at] = BigInt(value);
    else (data as Float64Array)[at] = this.round(Number(value));
  }

  tensor(dims: readonly number[]): Tensor {
    return tensor(this.dtype, dims, this.data, this.missing);
  }
}
