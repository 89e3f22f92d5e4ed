/** A user's rows: named columns of cells, as they stand in the file; what they mean is the field's business. */
import { fail, type Place } from '../ir/diagnostic.ts';

/** CSV has text only; JSON Lines has all of them. null: the cell is missing. A list: one row of a whole tensor. */
export type Cell = string | number | bigint | boolean | null | readonly Cell[];

export interface Table {
  /** What errors call it. */
  readonly file: string;
  readonly columns: ReadonlyMap<string, readonly Cell[]>;
  readonly rows: number;
  /** The line of the file on which each row begins; without it rows stand one a line below a header. */
  readonly lines?: ArrayLike<number>;
  /** How numbers in text are spelled: `.` or `,`. */
  readonly decimal?: string;
}

export const tableOf = (columns: Iterable<readonly [string, readonly Cell[]]>, file = 'rows'): Table => {
  const map = new Map(columns);
  let rows = 0;
  for (const cells of map.values()) rows = Math.max(rows, cells.length);
  return { file, columns: map, rows };
};

/** Where a cell is, spelled for a person. */
export const placeOf = (table: Table, row: number, column?: string): Place => ({
  file: table.file,
  at: `line ${table.lines?.[row] ?? row + 2}${column === undefined ? '' : `, column '${column}'`}`,
});

const spelledMissing = new Set(['', 'NA', 'N/A']);

/** What every table means by a missing cell; a field may have further markers. */
export const isMissing = (cell: Cell): boolean =>
  cell === null || (typeof cell === 'string' && spelledMissing.has(cell));

/** A header of one name that holds another delimiter was cut at the wrong one. */
const advice = (names: readonly string[]): string => {
  const [only = ''] = names;
  const delimiter = names.length === 1 ? /[;\t|]/.exec(only)?.[0] : undefined;
  if (delimiter === '\t') return `the only column is '${only}': tabs separate the columns of .tsv files`;
  if (delimiter) return `the only column is '${only}': is it --delimiter '${delimiter}'?`;
  const shown = names.slice(0, 20).map((n) => `'${n}'`);
  return `the columns are ${shown.join(', ')}${names.length > 20 ? ` and ${names.length - 20} more` : ''}`;
};

export const missingColumn = (table: Table, name: string): never =>
  fail(
    'rows/missing-column',
    `there is no column '${name}'`,
    { file: table.file, at: '' },
    advice([...table.columns.keys()]),
  );
