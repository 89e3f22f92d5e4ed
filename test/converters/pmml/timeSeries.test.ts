/**
 * Documents with the parameters of models fitted by R, statsmodels and arch, and documents that Nyoka wrote, against what
 * these libraries forecast themselves (fixtures/pmml/time-series): as read, and as ONNX in onnxruntime.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTemporarily } from '../../../src/api/open.ts';
import { read } from '../../../src/api/read.ts';
import { score, tableFrom } from '../../../src/api/score.ts';
import { write } from '../../../src/api/write.ts';
import { bind } from '../../../src/rows/bind.ts';
import type { Table } from '../../../src/rows/table.ts';
import { unbind } from '../../../src/rows/unbind.ts';
import { violations } from './schema.ts';

const folder = 'fixtures/pmml/time-series';

const cases = readdirSync(folder, { withFileTypes: true })
  .filter((e) => e.isDirectory())
  .map((e) => e.name);

/** Of the largest value of a column: sums and powers of 24 steps in another order. */
const tolerance = 1e-12;

/** Where the library does not do quite what the element says. */
const wider: Readonly<Record<string, number>> = {
  // The recursion starts from residuals that R's Kalman filter has not brought to their limit after 144 values.
  'airline-log': 1e-6,
  // R's filter knows nothing of the first 13 values but a variance of 1e10.
  'exact-seasonal': 1e-7,
  // statsmodels' covariances of a moving average at the unit circle have settled to this.
  'exact-statsmodels': 1e-9,
};

const agree = (name: string, results: Table, expected: Table): void => {
  expect(results.rows).toBe(expected.rows);
  for (const [column, cells] of expected.columns) {
    const wanted = cells.map(Number);
    const allowed = (wider[name] ?? tolerance) * Math.max(...wanted.map(Math.abs));
    wanted.forEach((want, i) => {
      const ours = results.columns.get(column)?.[i];
      expect({ column, i, ours, want, agrees: Math.abs(Number(ours) - want) <= allowed }).toMatchObject({
        agrees: true,
      });
    });
  }
};

describe('forecasts of R, statsmodels and arch', () => {
  it('are as many as they were', () => {
    expect(cases.length).toBe(55);
    expect(existsSync(join(folder, 'origin.md'))).toBe(true);
  });

  it.each(cases)('%s', async (name) => {
    const at = join(folder, name);
    const [input, expected] = [join(at, 'input.csv'), tableFrom(join(at, 'expected.csv'))];
    expect(expected.rows).toBe(24);
    expect(violations(readFileSync(join(at, 'model.pmml')))).toEqual([]);
    const model = await read(join(at, 'model.pmml'));
    agree(name, (await score(model, input)).results, expected);
    const scorer = await openTemporarily(await write(model, { to: 'onnx' }), '.onnx', model);
    try {
      agree(name, unbind(await scorer.run(bind(tableFrom(input), scorer.fields)), scorer.fields), expected);
    } finally {
      await scorer.close();
    }
  });
});
