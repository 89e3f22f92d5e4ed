/** JSON Lines: one object a line. A key left out, and null, are missing; NaN and infinities are spelled as strings. */
import { fail } from '../ir/diagnostic.ts';
import { spell } from './cell.ts';
import type { Cell, Table } from './table.ts';

export const parseJsonLines = (chunks: Iterable<string>, file: string): Table => {
  const columns = new Map<string, Cell[]>();
  const lines: number[] = [];
  let line = 0;
  const take = (text: string) => {
    line++;
    if (text.trim() === '') return;
    const row = lines.length;
    for (const [name, value] of Object.entries(parseObject(text, file, line))) {
      let cells = columns.get(name);
      if (!cells) {
        cells = [];
        columns.set(name, cells);
      }
      while (cells.length < row) cells.push(null);
      cells.push(cellOf(value, file, line, name));
    }
    lines.push(line);
  };
  let rest = '';
  for (const chunk of chunks) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() as string;
    for (const p of parts) take(p);
  }
  take(rest);
  for (const cells of columns.values()) while (cells.length < lines.length) cells.push(null);
  return { file, columns, rows: lines.length, lines };
};

const parseObject = (text: string, file: string, line: number): object => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail(
      'rows/json',
      'the line is not JSON',
      { file, at: `line ${line}` },
      'JSON Lines holds one object a line: {"age": 41, "job": "clerk"}',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('rows/json', 'the line is not an object', { file, at: `line ${line}` });
  }
  return value;
};

const cellOf = (value: unknown, file: string, line: number, name: string): Cell => {
  if (value === null || typeof value !== 'object') return value as Cell;
  if (Array.isArray(value)) return value.map((v) => cellOf(v, file, line, name));
  return fail('rows/json', 'a cell cannot be an object', { file, at: `line ${line}, column '${name}'` });
};

/** One cell as JSON. */
export const jsonCell = (cell: Cell): string => {
  if (cell === null) return 'null';
  if (typeof cell === 'number') return Number.isFinite(cell) ? spell(cell) : JSON.stringify(spell(cell));
  if (Array.isArray(cell)) return `[${cell.map(jsonCell).join(',')}]`;
  return typeof cell === 'string' ? JSON.stringify(cell) : String(cell);
};

/** One row as JSON, columns in order. */
export const jsonRow = (row: Iterable<readonly [string, Cell]>): string =>
  `{${[...row].map(([name, cell]) => `${JSON.stringify(name)}:${jsonCell(cell)}`).join(',')}}`;

/** The table as JSON Lines, in chunks of some thousand rows. */
export function* formatJsonLines(table: Table): Generator<string> {
  const step = 4096;
  const columns = [...table.columns];
  for (let from = 0; from < table.rows; from += step) {
    let out = '';
    for (let i = from; i < Math.min(from + step, table.rows); i++) {
      out += `${jsonRow(columns.map(([name, cells]) => [name, cells[i] ?? null] as const))}\n`;
    }
    yield out;
  }
}
