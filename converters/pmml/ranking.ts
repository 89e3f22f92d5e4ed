/** Which records are nearest, or most alike: the first of equal ones is first. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Algebra, dtypeOf, typeOf } from './algebra.ts';
import type { Measure } from './measures.ts';

/** Columns [N, 1], missing where nothing can be compared. */
export interface Ranked {
  /** Number of the record, int64. */
  readonly index: Value;
  readonly measure: Value;
}

/** The first `k` of each row side by side, [N, k]: plain, but for rows (or parts of them) where nothing can be compared. */
export interface Nearest {
  readonly index: Value;
  readonly measure: Value;
  /** [N, k]; null: nowhere. */
  readonly missing: Value | null;
}

/** Measures with the worst of all where there is none. */
const comparable = (a: Algebra, { data, missing, similarity }: Measure): { values: Value; worst: number } => {
  const worst = similarity ? -Infinity : Infinity;
  return { values: missing === null ? data : a.where(missing, a.like(data, worst), data), worst };
};

/** The best of K records. */
export const best = (a: Algebra, m: Measure): Ranked => {
  const { values, worst } = comparable(a, m);
  const over = (op: string) => a.b.op(op, [values], { axis: attr.int(1), keepdims: attr.int(1) });
  const index = over(m.similarity ? 'ArgMax' : 'ArgMin');
  const measure = a.b.op(m.similarity ? 'ReduceMax' : 'ReduceMin', [values, a.table(constant('int64', [1]))], {
    keepdims: attr.int(1),
  });
  const none = m.missing === null ? null : a.b.op('Equal', [measure, a.constant(dtypeOf(measure), worst)]);
  return { index: a.mask(index, none), measure: a.mask(measure, none) };
};

/** The `k` best, best first. */
export const nearest = (a: Algebra, m: Measure, k: number): Nearest => {
  const { values, worst } = comparable(a, m);
  const [measure, index] = a.b.call(['', 'TopK'], [values, a.table(constant('int64', [k]))], {
    attributes: new Map([
      ['axis', attr.int(1)],
      ['largest', attr.int(m.similarity ? 1 : 0)],
    ]),
    outputs: [a.b.unique('nearest'), a.b.unique('places')],
  }) as [Value, Value];
  const missing =
    m.missing === null ? null : a.b.op('Equal', [measure, a.constant(dtypeOf(measure), worst)]);
  return { index, measure, missing };
};

/** The one of rank `r`, counted from 1. */
export const ranked = (a: Algebra, { index, measure, missing }: Nearest, r: number): Ranked => {
  const at = (v: Value) => a.column(v, r - 1);
  const none = missing === null ? null : at(missing);
  return { index: a.mask(at(index), none), measure: a.mask(at(measure), none) };
};

/** Of one record, by its number. */
export const ofRecord = (a: Algebra, { data, missing }: Measure, record: number): Value => {
  const forAll = missing === null || typeOf(missing).dims?.[1] === 1;
  return a.mask(a.column(data, record), forAll ? missing : a.column(missing, record));
};
