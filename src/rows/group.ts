/** Rows of transactions to one row a group: what a model over baskets and sequences takes. */
import { fail } from '../ir/diagnostic.ts';
import type { Basket, Field } from '../ir/model.ts';
import { spell } from './cell.ts';
import { isTemporal, parseTemporal } from './dates.ts';
import { type Cell, isMissing, placeOf, type Table } from './table.ts';

const basketsOf = (fields: readonly Field[]): readonly Field[] =>
  fields.filter((f) => f.role === 'input' && f.basket);

/** The column that groups rows; null where the fields ask for none. */
export const groupColumn = (fields: readonly Field[]): string | null =>
  basketsOf(fields).find((f) => f.basket?.by)?.basket?.by ?? null;

/**
 * The table as it is where no field is over several rows, or where its cells hold lists already. Else one row a group, in
 * the order in which the groups are met: items as a list (in sequences: as a list of transactions, ordered), the times of
 * transactions as a list, the group itself; further input columns must say the same on every row of a group.
 * Throws `rows/missing-column`, `rows/missing-group`, `rows/group-value`, `rows/order`, located.
 */
export const inGroups = (table: Table, fields: readonly Field[]): Table => {
  const baskets = basketsOf(fields);
  const by = groupColumn(fields);
  if (by === null) return table;
  const items = baskets.filter((f) => f.basket?.from !== f.basket?.along);
  const columns = new Set(items.map((f) => f.basket?.from as string));
  const present = [...columns].filter((c) => table.columns.has(c));
  if (present.length === 0) return table;
  const keys = table.columns.get(by);
  if (!keys) {
    if (present.some((c) => table.columns.get(c)?.some(Array.isArray))) return table;
    return fail(
      'rows/missing-column',
      `there is no column '${by}'`,
      { file: table.file, at: '' },
      `rows with the same value of '${by}' are one transaction; or give its items as one list a row, in JSON Lines`,
    );
  }
  // With its own list on every row, a table is grouped already.
  const along = baskets.find((f) => f.basket?.along !== undefined)?.basket;
  const depth = along ? 2 : 1;
  if (present.some((c) => table.columns.get(c)?.some((cell) => depthOf(cell) >= depth))) return table;

  const groups = new Map<string, number[]>();
  keys.forEach((key, row) => {
    if (isMissing(key)) {
      fail('rows/missing-group', `the row belongs to no group: '${by}' is missing`, placeOf(table, row, by));
    }
    const name = spell(key);
    const rows = groups.get(name);
    if (rows) rows.push(row);
    else groups.set(name, [row]);
  });
  const members = [...groups.values()];
  const first = members.map((rows) => rows[0] as number);
  const out = new Map<string, Cell[]>();
  out.set(
    by,
    first.map((row) => keys[row] as Cell),
  );
  const inOrder = along ? members.map((rows) => transactions(table, rows, along)) : null;
  for (const name of present) {
    const cells = table.columns.get(name) as readonly Cell[];
    out.set(
      name,
      inOrder
        ? inOrder.map((list) => list.map(({ rows }) => rows.flatMap((r) => cells[r] ?? [])))
        : members.map((rows) => rows.flatMap((r) => cells[r] ?? [])),
    );
  }
  if (inOrder && along?.along) {
    out.set(
      along.along,
      inOrder.map((list) => list.map(({ time }) => time)),
    );
  }
  for (const f of fields) {
    const cells = f.role === 'input' && !f.basket ? table.columns.get(f.name) : undefined;
    if (!cells || out.has(f.name)) continue;
    out.set(
      f.name,
      members.map((rows) => common(table, f.name, rows, cells)),
    );
  }
  const lines = first.map((row) => table.lines?.[row] ?? row + 2);
  return { ...table, columns: out, rows: members.length, lines };
};

const depthOf = (cell: Cell): number =>
  Array.isArray(cell) ? 1 + Math.max(0, ...cell.map((c) => depthOf(c as Cell))) : 0;

const common = (table: Table, name: string, rows: readonly number[], cells: readonly Cell[]): Cell => {
  const [first = 0] = rows;
  const value = cells[first] ?? null;
  for (const row of rows) {
    if (spell(cells[row] ?? null) !== spell(value)) {
      fail(
        'rows/group-value',
        `'${name}' must be the same on every row of a group; line ${table.lines?.[first] ?? first + 2} says ${JSON.stringify(spell(value))}`,
        placeOf(table, row, name),
      );
    }
  }
  return value;
};

interface Transaction {
  readonly time: number;
  readonly rows: number[];
}

/** The rows of a group by time, equal times being one transaction; without times each row is one, 1 apart. */
const transactions = (
  table: Table,
  rows: readonly number[],
  { along, timed }: Basket,
): readonly Transaction[] => {
  if (along === null || along === undefined) return rows.map((row, time) => ({ time, rows: [row] }));
  const cells = table.columns.get(along);
  if (!cells) {
    return fail('rows/missing-column', `there is no column '${along}'`, { file: table.file, at: '' });
  }
  const byTime = new Map<number, Transaction>();
  for (const row of rows) {
    const cell = cells[row] ?? null;
    const time =
      isTemporal(timed) && typeof cell === 'string' ? parseTemporal(timed, cell) : Number(spell(cell));
    if (isMissing(cell) || time === undefined || Number.isNaN(time)) {
      return fail('rows/order', `${JSON.stringify(spell(cell))} orders nothing`, placeOf(table, row, along));
    }
    const met = byTime.get(time);
    if (met) met.rows.push(row);
    else byTime.set(time, { time, rows: [row] });
  }
  return [...byTime.values()].sort((a, b) => a.time - b.time);
};
