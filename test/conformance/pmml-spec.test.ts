/** Every folder of fixtures/pmml/spec is one rule of the specification, worked out by hand. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read } from '../../src/api/read.ts';
import { score, tableFrom } from '../../src/api/score.ts';
import type { Cell, Table } from '../../src/rows/table.ts';

const folder = 'fixtures/pmml/spec';

/** null, text or number of a cell of either side; the expected side is text from CSV. */
const plain = (cell: Cell | undefined): string | number | null => {
  if (cell === undefined || cell === null || cell === '') return null;
  if (typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'string') return cell;
  return Number(cell);
};

const agrees = (got: string | number | null, want: string | number | null): boolean => {
  if (typeof got === 'number' && want !== null) {
    const w = Number(want);
    // A few ULP of double precision; 1e-12 relative holds them with room.
    return got === w || Math.abs(got - w) <= 1e-12 * Math.abs(w);
  }
  return got === want;
};

const differences = (results: Table, expected: Table): string[] => {
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

const cases = readdirSync(folder, { withFileTypes: true })
  .filter((e) => e.isDirectory())
  .map((e) => e.name);

describe('the PMML specification, rule by rule', () => {
  it('has its cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
    for (const c of cases) expect(existsSync(join(folder, c, 'why.md'))).toBe(true);
  });

  it.each(cases)('%s', async (name) => {
    const at = join(folder, name);
    const { results } = await score(await read(join(at, 'model.pmml')), join(at, 'input.csv'));
    const expected = tableFrom(join(at, 'expected.csv'));
    expect(results.rows).toBe(expected.rows);
    expect(differences(results, expected)).toEqual([]);
  });
});
