/**
 * What a person calls the columns of an ONNX model's inputs and outputs. ONNX itself names whole tensors; an artifact of
 * ours carries the rest as JSON under `portolan.fields` of its metadata, so that reading it back gives the same fields.
 */
import type { Diagnostics, Place } from '../../src/ir/diagnostic.ts';
import type { Basket, Field, Interval, Value } from '../../src/ir/model.ts';

export const fieldsKey = 'portolan.fields';
export const sourceKey = 'portolan.source';
export const hashKey = 'portolan.hash';

/** A tensor with more columns than this is one field as a whole. */
const mostColumns = 4096;

/** Labels of the columns of a value: what ZipMap said. */
export type Labels = ReadonlyMap<Value, readonly string[]>;

/** Elements a row: 1 for [N], [N, 1] and scalars; undefined where an extent is not known. */
const columnsOf = ({ type }: Value): number | undefined => {
  if (type.kind !== 'tensor' || type.dims === null) return undefined;
  let n = 1;
  for (const d of type.dims.slice(1)) {
    if (typeof d !== 'number') return undefined;
    n *= d;
  }
  return n;
};

const optypeOf = ({ type }: Value): Field['optype'] =>
  type.kind === 'tensor' && (type.dtype === 'string' || type.dtype === 'bool') ? 'categorical' : 'continuous';

type Common = Pick<Field, 'value' | 'optype' | 'role'>;

const split = (common: Common, says: Field['says']): Field[] => {
  const { name } = common.value;
  const columns = columnsOf(common.value);
  const told = says === undefined ? {} : { says };
  if (columns === undefined || columns === 1 || columns === 0 || columns > mostColumns) {
    return [{ name, ...common, ...told }];
  }
  return Array.from({ length: columns }, (_, column) => ({
    name: `${name}_${column}`,
    ...common,
    column,
    ...told,
  }));
};

const isLabel = ({ type }: Value): boolean =>
  type.kind === 'tensor' &&
  (type.dtype === 'string' || type.dtype === 'int64') &&
  (type.dims === null || type.dims.length <= 1 || type.dims[1] === 1);

/** Fields of a model that carries none: by tensor, and by column where a tensor has several. */
export const defaultFields = (
  inputs: readonly Value[],
  results: readonly Value[],
  labels: Labels,
): readonly Field[] => {
  const out: Field[] = [];
  for (const value of inputs)
    out.push(...split({ role: 'input', value, optype: optypeOf(value) }, undefined));
  const predictions = labels.size > 0 ? results.filter((v) => !labels.has(v) && isLabel(v)) : results;
  for (const value of results) {
    const said = labels.get(value);
    const common = { role: 'output', value, optype: optypeOf(value) } as const;
    if (said) {
      said.forEach((label, column) => {
        out.push({ name: `probability(${label})`, ...common, column, says: 'probability', label });
      });
    } else {
      const sole =
        predictions.length === 1 && predictions[0] === value && (labels.size > 0 || columnsOf(value) === 1);
      out.push(
        ...split(
          sole && isLabel(value) ? { ...common, optype: 'categorical' } : common,
          sole ? 'prediction' : 'other',
        ),
      );
    }
  }
  return unique(out);
};

/** Columns of two tensors may get the same name; the later one gives way. */
const unique = (fields: readonly Field[]): Field[] => {
  const taken = { input: new Set<string>(), output: new Set<string>() };
  return fields.map((f) => {
    let { name } = f;
    for (let i = 2; taken[f.role].has(name); i++) name = `${f.name} (${i})`;
    taken[f.role].add(name);
    return name === f.name ? f : { ...f, name };
  });
};

/** A field as it stands in the metadata: `value` is the name of the tensor, an endless margin is null. */
interface Stored extends Omit<Field, 'value' | 'intervals'> {
  readonly value: string;
  readonly intervals?: readonly { low: number | null; high: number | null; closure: Interval['closure'] }[];
  /** What stands for a missing value in the tensor: NaN, or the empty string. */
  readonly absent?: 'NaN' | '';
}

/** Fields as JSON. `absent`: the inputs and outputs in which NaN or `""` stands for missing. */
export const storeFields = (fields: readonly Field[], absent: ReadonlySet<Value>): string =>
  JSON.stringify(
    // The order of the keys is fixed: equal fields, equal bytes.
    fields.map((f): { [K in keyof Stored]: Stored[K] | undefined } => ({
      name: f.name,
      role: f.role,
      value: f.value.name,
      column: f.column,
      optype: f.optype,
      says: f.says,
      label: f.label,
      logical: f.logical,
      categories: f.categories,
      intervals: f.intervals?.map((i) => ({
        low: Number.isFinite(i.low) ? i.low : null,
        high: Number.isFinite(i.high) ? i.high : null,
        closure: i.closure,
      })),
      missing: f.missing,
      basket: f.basket && {
        from: f.basket.from,
        by: f.basket.by,
        ...(f.basket.item !== undefined && { item: f.basket.item }),
        ...(f.basket.along !== undefined && { along: f.basket.along }),
        ...(f.basket.timed !== undefined && { timed: f.basket.timed }),
      },
      step: f.step,
      list: f.list,
      absent: absent.has(f.value) ? markerOf(f.value) : undefined,
    })),
  );

const markerOf = ({ type }: Value): 'NaN' | '' =>
  type.kind === 'tensor' && type.dtype === 'string' ? '' : 'NaN';

const isStringOrNumber = (x: unknown): x is string | number => typeof x === 'string' || typeof x === 'number';
const isString = (x: unknown): x is string => typeof x === 'string';
const optional = <T>(x: unknown, test: (x: unknown) => x is T): x is T | undefined =>
  x === undefined || test(x);
const listOf =
  <T>(test: (x: unknown) => x is T) =>
  (x: unknown): x is T[] =>
    Array.isArray(x) && x.every(test);
const oneOf =
  <T extends string>(...words: readonly T[]) =>
  (x: unknown): x is T =>
    words.includes(x as T);
const isMargin = (x: unknown): x is number | null => x === null || typeof x === 'number';
const isColumn = (x: unknown): x is number => Number.isInteger(x) && (x as number) >= 0;

type StoredInterval = NonNullable<Stored['intervals']>[number];

const isInterval = (x: unknown): x is StoredInterval => {
  if (typeof x !== 'object' || x === null) return false;
  const { low, high, closure } = x as Record<string, unknown>;
  return isMargin(low) && isMargin(high) && oneOf('oo', 'oc', 'co', 'cc')(closure);
};

const isColumnName = (x: unknown): x is string | null => x === null || typeof x === 'string';

const isBasket = (x: unknown): x is Basket => {
  if (typeof x !== 'object' || x === null) return false;
  const { from, by, item, along, timed } = x as Record<string, unknown>;
  return (
    isString(from) &&
    isColumnName(by) &&
    optional(item, isString) &&
    optional(along, isColumnName) &&
    optional(timed, isString)
  );
};

const isStored = (x: unknown): x is Stored => {
  if (typeof x !== 'object' || x === null) return false;
  const f = x as Record<string, unknown>;
  return (
    isString(f.name) &&
    isString(f.value) &&
    oneOf('input', 'output')(f.role) &&
    oneOf('continuous', 'categorical', 'ordinal')(f.optype) &&
    optional(f.column, isColumn) &&
    optional(f.says, oneOf('prediction', 'probability', 'other')) &&
    optional(f.label, isString) &&
    optional(f.logical, isString) &&
    optional(f.categories, listOf(isStringOrNumber)) &&
    optional(f.intervals, listOf(isInterval)) &&
    optional(f.missing, listOf(isString)) &&
    optional(f.basket, isBasket) &&
    optional(f.step, (x): x is true => x === true) &&
    optional(f.list, (x): x is true => x === true)
  );
};

/** Only what a field has: whatever else stands in the JSON is left behind. */
const restore = (s: Stored, value: Value): Field => ({
  name: s.name,
  role: s.role,
  value,
  ...(s.column !== undefined && { column: s.column }),
  optype: s.optype,
  ...(s.says && { says: s.says }),
  ...(s.label !== undefined && { label: s.label }),
  ...(s.logical !== undefined && { logical: s.logical }),
  ...(s.categories && { categories: s.categories }),
  ...(s.intervals && {
    intervals: s.intervals.map((i) => ({
      low: i.low ?? -Infinity,
      high: i.high ?? Infinity,
      closure: i.closure,
    })),
  }),
  ...(s.missing && { missing: s.missing }),
  ...(s.basket && {
    basket: {
      from: s.basket.from,
      by: s.basket.by,
      ...(s.basket.item !== undefined && { item: s.basket.item }),
      ...(s.basket.along !== undefined && { along: s.basket.along }),
      ...(s.basket.timed !== undefined && { timed: s.basket.timed }),
    },
  }),
  ...(s.step && { step: s.step }),
  ...(s.list && { list: s.list }),
});

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

/** The fields an artifact carries; undefined, with a warning, where they do not fit the model. */
export const carriedFields = (
  json: string,
  inputs: readonly Value[],
  results: readonly Value[],
  notes: Diagnostics,
  at: Place,
): readonly Field[] | undefined => {
  const wrong = (why: string) => {
    notes.add('warning', 'onnx/metadata', `${fieldsKey} of the metadata is ignored: ${why}`, at);
    return undefined;
  };
  const list = parse(json);
  if (!listOf(isStored)(list)) return wrong('it is not what this tool writes');
  const values = {
    input: new Map(inputs.map((v) => [v.name, v])),
    output: new Map(results.map((v) => [v.name, v])),
  };
  const taken = new Set<string>();
  const out: Field[] = [];
  for (const s of list) {
    const value = values[s.role].get(s.value);
    if (!value) return wrong(`there is no ${s.role} '${s.value}'`);
    const columns = columnsOf(value);
    if (s.column !== undefined && columns !== undefined && s.column >= columns) {
      return wrong(`'${s.value}' has no column ${s.column}`);
    }
    if (taken.has(`${s.role} ${s.name}`)) return wrong(`the ${s.role} '${s.name}' stands twice`);
    taken.add(`${s.role} ${s.name}`);
    out.push(restore(s, value));
  }
  return out;
};
