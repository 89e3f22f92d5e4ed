/** TrainingInstances: the records that a model of neighbours, or a Gaussian process, is made of. PMML 4.4.1, k-Nearest Neighbors. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, typeOf } from './algebra.ts';
import { type Document, parts } from './document.ts';
import { columnName, inlineRows } from './inlineTable.ts';
import type { Scope, Variable } from './scope.ts';
import { dataTypeOf, kindOf, literal } from './types.ts';

export interface Instances {
  readonly tag: Element;
  readonly count: number;
  /** Cells by field, as written; null is missing. */
  readonly cells: ReadonlyMap<string, readonly (string | null)[]>;
}

export const readInstances = (doc: Document, element: Element): Instances => {
  const fields = doc.child(element, 'InstanceFields');
  if (!fields) return doc.fail(element, 'pmml/missing-element', 'it holds no InstanceFields');
  const rows = inlineRows(doc, element);
  if (rows.length === 0) doc.fail(element, 'pmml/missing-element', 'it holds no row');
  const cells = new Map<string, (string | null)[]>();
  for (const f of parts(fields)) {
    if (f.name !== 'InstanceField') doc.refuse(f);
    const name = doc.need(f, 'field');
    if (cells.has(name)) doc.fail(f, 'pmml/duplicate-name', `the field '${name}' is listed twice`);
    const column = columnName(doc.text(f, 'column') ?? name);
    const values = rows.map((r) => r.get(column) ?? null);
    cells.set(
      name,
      values.map((v) => (v === null || v.trim() === '' ? null : v)),
    );
  }
  for (const [name, held] of [
    ['recordCount', rows.length],
    ['fieldCount', cells.size],
  ] as const) {
    const said = doc.number(element, name);
    if (said !== undefined && said !== held) {
      doc.warn(element, 'pmml/count', `it says ${name}="${said}" and holds ${held}`);
    }
  }
  return { tag: element, count: rows.length, cells };
};

/** The fields of the instances as columns [M, 1], and all that a model derives from its inputs derived from them. */
export const instanceScope = (scope: Scope, { tag, count, cells }: Instances): Scope => {
  const { world, real } = scope;
  const { doc, a, fields } = world;
  const inner = scope.over();
  for (const [name, texts] of cells) {
    const definition = scope.definition(name);
    const field = fields.get(name);
    const dataType = definition ? dataTypeOf(doc, definition, 'double') : field?.dataType;
    // A case's id is no field.
    if (dataType === undefined) continue;
    const text = kindOf(dataType) === 'string';
    const values = texts.map((t) => (t === null ? (text ? '' : 0) : literal(doc, tag, t, dataType)));
    const column = a.table(constant(text ? 'string' : real, values, [count, 1]), 'instances');
    const missing = texts.map((t) => t === null);
    const variable: Variable = {
      value: missing.includes(true) ? a.mask(column, a.table(constant('bool', missing, [count, 1]))) : column,
      dataType,
      optype: field?.optype ?? (text ? 'categorical' : 'continuous'),
      ...(field && { field, ...(field.valid.length > 0 && { order: field.valid }) }),
      notValid: null,
      invalid: null,
    };
    inner.set(name, variable);
  }
  return inner;
};

/** A column [M, 1] of the instances as a row [1, M]. */
export const lying = (a: Algebra, column: Value, count: number): Value => {
  const turn = (v: Value): Value =>
    typeOf(v).dims?.[0] === 1 && count > 1
      ? a.b.op('Expand', [v, a.table(constant('int64', [1, count]))])
      : a.b.op('Transpose', [v], { perm: attr.ints([1, 0]) });
  const missing = a.missing(column);
  return a.mask(turn(a.fill(column)), missing && turn(missing));
};
