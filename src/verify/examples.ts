/** The rows that a model carries to be checked by (PMML 4.4.1, ModelVerification), run on the reference. */
import { fail } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';
import { bind } from '../rows/bind.ts';
import { parseNumber, spell } from '../rows/cell.ts';
import { type Cell, tableOf } from '../rows/table.ts';
import { unbind } from '../rows/unbind.ts';
import { referenceScorer } from './scorers.ts';

export interface ExampleResult {
  readonly rows: number;
  readonly values: number;
  readonly failed: number;
  /** The first value that is not as the source says, in words. */
  readonly firstFailure: string | null;
}

/** null where the model carries none. */
export const checkExamples = async (model: Model): Promise<ExampleResult | null> => {
  const { examples } = model;
  if (!examples) return null;
  const given = tableOf([...examples.inputs], 'the rows that the model carries');
  // A field that the source's rows leave out is missing in them.
  const columns = new Map<string, readonly Cell[]>(given.columns);
  for (const f of model.fields) {
    if (f.role === 'input' && !columns.has(f.name))
      columns.set(f.name, new Array<Cell>(given.rows).fill(null));
  }
  const scorer = referenceScorer(model);
  const out = await scorer.run(bind({ ...given, columns }, model.fields));
  const results = unbind(out, model.fields);
  let values = 0;
  let failed = 0;
  let firstFailure: string | null = null;
  for (const { field, expected, precision, zeroThreshold } of examples.outputs) {
    const actual =
      results.columns.get(field) ??
      fail('verify/example-field', `the model's own check names '${field}', which it does not compute`);
    expected.forEach((e, i) => {
      values++;
      const a = actual[i] ?? null;
      if (agrees(e, a, precision, zeroThreshold)) return;
      failed++;
      firstFailure ??= `row ${i + 1}, '${field}': ${a === null ? 'missing' : spell(a)} instead of ${e ?? 'missing'}`;
    });
  }
  return { rows: given.rows, values, failed, firstFailure };
};

/** Both within the zero threshold, or the actual within expected·(1 ± precision); anything else as text. */
export const agrees = (
  expected: string | null,
  actual: Cell,
  precision: number,
  zeroThreshold: number,
): boolean => {
  if (expected === null || expected === '') return actual === null;
  if (actual === null) return false;
  const e = parseNumber(expected);
  if (typeof actual !== 'number' || e === undefined) return spell(actual) === expected;
  if (Math.abs(e) <= zeroThreshold && Math.abs(actual) <= zeroThreshold) return true;
  const ends = [e * (1 - precision), e * (1 + precision)];
  return (actual >= Math.min(...ends) && actual <= Math.max(...ends)) || Object.is(e, actual);
};
