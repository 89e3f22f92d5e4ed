import { spell } from '../../src/rows/cell.ts';
import type { Cell, Table } from '../../src/rows/table.ts';

/** null, text or number of a cell of either side: the expected side is text from CSV, NaN and "" are missing at an artifact's edge. */
const plain = (cell: Cell | undefined): string | number | null => {
  if (cell === undefined || cell === null || cell === '') return null;
  if (typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'string') return cell;
  if (Array.isArray(cell)) return spell(cell);
  const n = Number(cell);
  return Number.isNaN(n) ? null : n;
};

const agrees = (got: string | number | null, want: string | number | null): boolean => {
  if (typeof got === 'number' && want !== null) {
    const w = Number(want);
    // A few ULP of double precision; 1e-12 relative holds them with room.
    return got === w || Math.abs(got - w) <= 1e-12 * Math.abs(w);
  }
  return got === want;
};

/** Where results are not as expected, in words; columns that the expectation does not name are not looked at. */
export const differences = (results: Table, expected: Table): string[] => {
  const found: string[] = [];
  for (const [column, cells] of expected.columns) {
    const ours = results.columns.get(column);
    if (!ours) {
      found.push(`no column ${column}, there are ${[...results.columns.keys()].join(', ')}`);
      continue;
    }
    cells.forEach((want, i) => {
      const got = plain(ours[i]);
      if (!agrees(got, plain(want)))
        found.push(`${column}, row ${i}: ${String(got)}, not ${String(plain(want))}`);
    });
  }
  return found;
};
