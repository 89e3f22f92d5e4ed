/** A row as somebody can run it again. */
import type { Field } from '../ir/model.ts';
import { jsonRow } from '../rows/jsonl.ts';
import type { Cell } from '../rows/table.ts';
import { cellOf } from '../rows/unbind.ts';
import { countOf, type Tensor } from '../tensor/tensor.ts';

/** The input cells of a row by field name; a tensor of many elements is a list under its field's name. */
export const rowCells = (
  inputs: ReadonlyMap<string, Tensor>,
  fields: readonly Field[],
  row: number,
): [string, Cell][] => {
  const out: [string, Cell][] = [];
  for (const f of fields) {
    if (f.role !== 'input') continue;
    const t = inputs.get(f.value.name);
    if (!t) continue;
    const width = countOf(t.dims.slice(1));
    const at = row * width;
    if (f.column !== undefined) out.push([f.name, cellOf(t, at + f.column)]);
    else if (width === 1) out.push([f.name, cellOf(t, at)]);
    else out.push([f.name, Array.from({ length: width }, (_, j) => cellOf(t, at + j))]);
  }
  return out;
};

/** `'text'` for a POSIX shell. */
const shellQuoted = (s: string): string => `'${s.replaceAll("'", "'\\''")}'`;

/** A command that scores the row again. */
export const command = (model: string, cells: readonly (readonly [string, Cell])[]): string =>
  `printf '%s\\n' ${shellQuoted(jsonRow(cells))} | portolan score ${/^[\w./-]+$/.test(model) ? model : shellQuoted(model)} --data -`;
