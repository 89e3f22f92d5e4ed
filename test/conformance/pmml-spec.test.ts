/** Every folder of fixtures/pmml/spec is one rule of the specification, worked out by hand. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read } from '../../src/api/read.ts';
import { score, tableFrom } from '../../src/api/score.ts';
import { differences } from './differences.ts';

const folder = 'fixtures/pmml/spec';

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
