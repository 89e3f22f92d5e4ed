/** Documents of the shared corpora, read and evaluated on rows of plain values. */
import { readFileSync } from 'node:fs';
import { reader } from '../../../converters/pmml/reader.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { memorySource } from '../../../src/files/source.ts';
import type { ReadResult } from '../../../src/ir/converter.ts';
import type { Model } from '../../../src/ir/model.ts';
import { check } from '../../../src/ir/verifier.ts';
import { bind } from '../../../src/rows/bind.ts';
import type { Cell, Table } from '../../../src/rows/table.ts';
import { unbind } from '../../../src/rows/unbind.ts';

export const corpora = '../shared/corpora';

/** null: missing. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

export const readText = (text: string, name = 'model.pmml'): ReadResult => {
  const result = reader.read(memorySource(name, new TextEncoder().encode(text)));
  const faults = check(result.model);
  if (faults.length > 0) throw new Error(faults.map((f) => f.message).join('\n'));
  return result;
};

export const readFile = (path: string): string => readFileSync(path, 'utf8');

/** Every result of every row, by name. */
export const evaluate = (model: Model, rows: readonly Row[]): Record<string, Cell>[] => {
  const names = model.fields.filter((f) => f.role === 'input').map((f) => f.name);
  const columns = new Map(names.map((n) => [n, rows.map((r) => (r[n] ?? null) as Cell)]));
  const table: Table = { file: 'rows', rows: rows.length, columns };
  const results = unbind(evaluator(model).run(bind(table, model.fields)), model.fields);
  return rows.map((_, i) => {
    const row: Record<string, Cell> = Object.create(null);
    for (const [name, cells] of results.columns) row[name] = cells[Math.min(i, cells.length - 1)] as Cell;
    return row;
  });
};

/** Equal, or numbers within an absolute bound; null is missing. */
export const agrees = (got: Cell | undefined, want: unknown, absolute: number): boolean => {
  if (want === null) return got === null || got === undefined || Number.isNaN(got);
  if (typeof want === 'number') return got !== null && Math.abs(Number(got) - want) <= absolute;
  if (typeof want === 'boolean') return got !== null && Boolean(Number(got)) === want;
  return String(got) === want;
};
