/** What answers for one side of a comparison: the reference evaluator, or somebody's own predictions. */

import { evaluator } from '../evaluate/evaluate.ts';
import type { Scorer } from '../ir/converter.ts';
import type { Field, Model } from '../ir/model.ts';
import { tensorType } from '../ir/model.ts';
import { bind } from '../rows/bind.ts';
import type { Table } from '../rows/table.ts';

/** The model's own graph, evaluated by the reference evaluator. Shows every value of the top-level graph. */
export const referenceScorer = (model: Model): Scorer => {
  const { run } = evaluator(model);
  return {
    runtime: 'reference',
    fields: model.fields,
    run: async (inputs, watch) => run(inputs, watch),
    close: async () => {},
  };
};

/** A predictions file: answers for its own rows alone, in order, all at once. */
export interface Predictions extends Scorer {
  /** How far a number may be from the printed text and still be what was printed: half a unit of its last digit. */
  slack(column: string, row: number): number;
  readonly rows: number;
}

/**
 * Columns of a table as results, read as the output fields `like` are: those that the table has, `names` leading from
 * a field's name to another column's. Cells are text or numbers; the empty cell, NA and N/A are missing.
 */
export const predictionsScorer = (
  table: Table,
  like: readonly Field[],
  names: ReadonlyMap<string, string> = new Map(),
): Predictions => {
  const fields: Field[] = [];
  for (const f of like) {
    const name = names.get(f.name) ?? f.name;
    if (f.role !== 'output' || f.value.type.kind !== 'tensor' || !table.columns.has(name)) continue;
    const { dtype } = f.value.type;
    const { column: _, ...rest } = f;
    // Labels are compared as text, however either side types them.
    const type = tensorType(dtype === 'bool' ? 'string' : dtype, ['rows', 1], 'missing');
    fields.push({ ...rest, name, value: { name, type } });
  }
  const tensors = bind(
    table,
    fields.map((f): Field => ({ ...f, role: 'input' })),
  );
  return {
    runtime: 'predictions file',
    fields,
    rows: table.rows,
    slack: (column, row) => {
      const cell = table.columns.get(column)?.[row];
      return typeof cell === 'string' ? halfUnit(cell) : 0;
    },
    run: async () => tensors,
    close: async () => {},
  };
};

/** Half a unit of the last digit that the text of a number shows; 0 where it shows all that a double holds. */
const halfUnit = (text: string): number => {
  const m = /^\s*[+-]?(\d*)[.,]?(\d*)(?:[eE]([+-]?\d+))?\s*$/.exec(text);
  if (!m) return 0;
  const digits = `${m[1]}${m[2]}`.replace(/^0+/, '');
  return digits.length >= 17 ? 0 : 0.5 * 10 ** (Number(m[3] ?? 0) - (m[2] ?? '').length);
};
