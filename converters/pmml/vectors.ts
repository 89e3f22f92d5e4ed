/** VectorDictionary: the fields of the space that support vectors lie in, and the vectors. PMML 4.4.1, Support Vector Machine. */
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { vectorValues } from './arrays.ts';
import { parts } from './document.ts';
import type { Scope } from './scope.ts';
import { kindOf, literal } from './types.ts';

export interface Vectors {
  /** The row's own vector, a column [N, 1] a field; plain. */
  readonly columns: readonly Value[];
  /** Rows of which a field is missing; null: none. */
  readonly missing: Value | null;
  readonly count: number;
  readonly byId: ReadonlyMap<string, number>;
  /** One field of all vectors side by side, [1, V]. */
  readonly field: (at: number) => Value;
}

export const readVectors = (scope: Scope, element: Element): Vectors => {
  const { doc, a } = scope.world;
  const fields = doc.child(element, 'VectorFields');
  if (!fields) return doc.fail(element, 'pmml/missing-element', 'it holds no VectorFields');
  const columns = parts(fields).map((f) => column(scope, f));
  const declared = doc.number(fields, 'numberOfFields');
  if (declared !== undefined && declared !== columns.length) {
    doc.warn(fields, 'pmml/count', `it says numberOfFields="${declared}" and holds ${columns.length}`);
  }
  if (columns.length === 0) doc.fail(fields, 'pmml/missing-element', 'it holds no field');
  const byId = new Map<string, number>();
  const vectors = parts(element)
    .filter((p) => p !== fields)
    .map((instance, i) => {
      if (instance.name !== 'VectorInstance') doc.refuse(instance);
      const id = doc.need(instance, 'id');
      if (byId.has(id)) doc.fail(instance, 'pmml/duplicate-name', `two vectors have the id "${id}"`);
      byId.set(id, i);
      const array = parts(instance)[0];
      if (!array) return doc.fail(instance, 'pmml/missing-element', 'it holds no vector');
      return vectorValues(doc, array, columns.length);
    });
  const said = doc.number(element, 'numberOfVectors');
  if (said !== undefined && said !== vectors.length) {
    doc.warn(element, 'pmml/count', `it says numberOfVectors="${said}" and holds ${vectors.length}`);
  }
  return {
    columns: columns.map((c) => a.fill(c)),
    missing: a.or(...columns.map((c) => a.missing(c))),
    count: vectors.length,
    byId,
    field: (at) =>
      a.table(
        constant(
          scope.real,
          vectors.map((v) => v[at] as number),
          [1, vectors.length],
        ),
        'vectors',
      ),
  };
};

/** A number as it is; of a category, its coefficient where the field has it, else 0. */
const column = (scope: Scope, tag: Element): Value => {
  const { doc, a } = scope.world;
  if (tag.name === 'CategoricalPredictor') {
    const variable = scope.read(doc.need(tag, 'name'), tag);
    const wanted = literal(doc, tag, doc.need(tag, 'value'), variable.dataType);
    const is = a.compare('Equal', variable.value, a.like(variable.value, wanted));
    const coefficient = doc.number(tag, 'coefficient') ?? 1;
    const hit = a.cast(is, scope.real);
    return coefficient === 1 ? hit : a.mul(a.constant(scope.real, coefficient), hit);
  }
  if (tag.name !== 'FieldRef') return doc.refuse(tag);
  const name = doc.need(tag, 'field');
  const variable = scope.read(name, tag);
  if (kindOf(variable.dataType) !== 'number') doc.fail(tag, 'pmml/type', `the field '${name}' is no number`);
  const instead = doc.number(tag, 'mapMissingTo');
  const value = a.cast(variable.value, scope.real);
  return instead === undefined ? value : a.fill(value, instead);
};
