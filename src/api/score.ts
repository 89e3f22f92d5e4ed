import { openSource } from '../files/source.ts';
import type { Source } from '../ir/converter.ts';
import { type Diagnostic, Diagnostics } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';
import { bind } from '../rows/bind.ts';
import { groupColumn, inGroups } from '../rows/group.ts';
import { type ReadOptions, readTable } from '../rows/read.ts';
import type { Table } from '../rows/table.ts';
import { type Results, unbind } from '../rows/unbind.ts';
import { type Engine, openEngine } from './open.ts';

export interface ScoreOptions extends ReadOptions {
  readonly engine?: Engine;
}

export interface Scored {
  readonly results: Results;
  readonly diagnostics: readonly Diagnostic[];
}

/** Rows from a file, or as they are. */
export const tableFrom = (data: string | Source | Table, options: ReadOptions = {}): Table => {
  if (typeof data !== 'string') return 'columns' in data ? data : readTable(data, options);
  const source = openSource(data);
  try {
    return readTable(source, options);
  } finally {
    source.close();
  }
};

/** Where several rows of the table are one result, the group comes first: nothing else says which it is. */
const withGroups = (results: Results, table: Table, by: string | null): Results => {
  const groups = by === null ? undefined : table.columns.get(by);
  if (by === null || !groups || results.columns.has(by)) return results;
  return { ...results, columns: new Map([[by, groups], ...results.columns]) };
};

/** A model without inputs says the same of every row. */
const ofEvery = (results: Results, rows: number): Results => ({
  ...results,
  columns: new Map(
    [...results.columns].map(([name, cells]) => [name, new Array(rows).fill(cells[0] ?? null)]),
  ),
  rows,
  missing: results.missing * rows,
});

/** One row of results for each row given, or for each group of them, aligned. Missing results are empty cells, and counted in a warning. */
export const score = async (
  model: Model,
  data: string | Source | Table,
  options: ScoreOptions = {},
): Promise<Scored> => {
  const notes = new Diagnostics();
  const scorer = await openEngine(model, options.engine ?? 'reference');
  try {
    const table = inGroups(tableFrom(data, options), model.fields);
    const outputs = unbind(await scorer.run(bind(table, scorer.fields, notes)), scorer.fields);
    const asked = model.fields.some((f) => f.role === 'input');
    const results = asked
      ? withGroups(outputs, table, groupColumn(model.fields))
      : ofEvery(outputs, table.rows);
    if (results.missing > 0) {
      notes.add(
        'warning',
        'score/missing-results',
        `${results.missing} results are missing: the model gives none for those inputs`,
      );
    }
    return { results, diagnostics: notes.list };
  } finally {
    await scorer.close();
  }
};
