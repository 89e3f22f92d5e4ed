/** What a written module takes and gives: one column a name, whatever tensors the graph has behind them. */
import type { Field, Model, Value } from '../../src/ir/model.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { isFloat } from '../../src/tensor/dtype.ts';
import { countOf } from '../../src/tensor/tensor.ts';

export type Kind = 'number' | 'string' | 'boolean';

export interface InterfaceColumn {
  readonly name: string;
  /** null where the model has no field for it, only a column of a tensor. */
  readonly field: Field | null;
  readonly dtype: DType;
  readonly kind: Kind;
  /** The graph's input or result, and the element of a row of it. */
  readonly value: string;
  readonly element: number;
  /** May it be missing? */
  readonly missing: boolean;
}

export interface Interface {
  readonly inputs: readonly InterfaceColumn[];
  readonly outputs: readonly InterfaceColumn[];
}

/** Of the model as it was read: its types still say what may be missing. */
export const interfaceOf = (model: Model): Interface => ({
  inputs: model.graph.params.flatMap((v) => columnsOf(model, v, 'input')),
  outputs: outputsInOrder(model),
});

/** Outputs in the order of the fields; what no field names comes last. */
const outputsInOrder = (model: Model): InterfaceColumn[] => {
  const all = model.graph.results.flatMap((v) => columnsOf(model, v, 'output'));
  const order = new Map(model.fields.map((f, i) => [f, i]));
  const rank = (c: InterfaceColumn): number => (c.field ? (order.get(c.field) as number) : Infinity);
  return all.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
};

/** One column an element of a row: by its field, else `name`, or `name_0 …` where there are several. */
const columnsOf = (model: Model, v: Value, role: Field['role']): InterfaceColumn[] => {
  if (v.type.kind !== 'tensor') return [];
  const { dtype, dims, absent } = v.type;
  const size = countOf((dims ?? []).slice(1).map((d) => (typeof d === 'number' ? d : 0)));
  const fields = model.fields.filter((f) => f.role === role && f.value === v);
  const columns: InterfaceColumn[] = [];
  for (let element = 0; element < size; element++) {
    const named = fields.filter((f) => (f.column ?? 0) === element);
    const base = { dtype, kind: kindOf(dtype), value: v.name, element, missing: absent === 'missing' };
    if (named.length === 0) {
      columns.push({ ...base, name: size === 1 ? v.name : `${v.name}_${element}`, field: null });
    }
    for (const field of named) columns.push({ ...base, name: field.name, field });
  }
  return columns;
};

const kindOf = (dtype: DType): Kind =>
  dtype === 'string' ? 'string' : dtype === 'bool' ? 'boolean' : 'number';

/** The array that `predictBatch` gives for an output column; null: a plain array. */
export const batchArray = ({ dtype, kind, missing }: InterfaceColumn): string | null => {
  if (kind !== 'number') return null;
  if (dtype === 'float32') return 'Float32Array';
  // Integers as doubles, too, where NaN must say that one is missing, and 64-bit ones always.
  return isFloat(dtype) || missing || dtype === 'int64' || dtype === 'uint64' || dtype === 'uint32'
    ? 'Float64Array'
    : 'Int32Array';
};
