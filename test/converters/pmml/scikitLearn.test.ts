/** Documents with the parameters of fitted scikit-learn estimators, against what the estimators predict (fixtures/pmml/scikit-learn). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read } from '../../../src/api/read.ts';
import { score, tableFrom } from '../../../src/api/score.ts';

const folder = 'fixtures/pmml/scikit-learn';

const cases = readdirSync(folder, { withFileTypes: true })
  .filter((e) => e.isDirectory())
  .map((e) => e.name);

/** Relative: see origin.md for what sums in another order. */
const tolerance = 1e-10;

describe('estimators of scikit-learn', () => {
  it('are as many as they were', () => expect(cases.length).toBe(16));

  it.each(cases)('%s', async (name) => {
    const { results } = await score(
      await read(join(folder, name, 'model.pmml')),
      join(folder, name, 'input.csv'),
    );
    const expected = tableFrom(join(folder, name, 'expected.csv'));
    expect(expected.rows).toBe(40);
    expect(results.rows).toBe(40);
    for (const [column, cells] of expected.columns) {
      const got = results.columns.get(column);
      cells.forEach((want, i) => {
        const ours = got?.[i];
        const text = typeof ours !== 'number';
        const off = text ? Number(String(ours) !== String(want)) : Math.abs(ours - Number(want));
        const allowed = text ? 0 : tolerance * Math.max(Math.abs(Number(want)), 1e-3);
        expect({ column, i, ours, want, agrees: off <= allowed }).toMatchObject({ agrees: true });
      });
    }
  });
});
