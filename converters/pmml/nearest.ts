/** Which records are nearest, or most alike: the first of equal ones is first. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Algebra, typeOf } from './algebra.ts';
import type { Measure } from './measures.ts';
import { byRank } from './ranking.ts';

/** Columns [N, 1] (or several beside each other), missing where nothing can be compared. */
export interface Near {
  /** Number of the record, int64. */
  readonly index: Value;
  readonly measure: Value;
}

const worst = (m: Measure): number => (m.similarity ? -Infinity : Infinity);

/** Measures, the worst of all where there is none. */
const comparable = (a: Algebra, m: Measure): Value =>
  m.missing === null ? m.data : a.where(m.missing, a.like(m.data, worst(m)), m.data);

const near = (a: Algebra, m: Measure, index: Value, measure: Value): Near => {
  if (m.missing === null) return { index, measure };
  const none = a.b.op('Equal', [measure, a.like(m.data, worst(m))]);
  return { index: a.mask(index, none), measure: a.mask(measure, none) };
};

/** One record, by its rank, counted from 1. */
export const nearestByRank = (a: Algebra, m: Measure): ((rank: number) => Near) => {
  const of = byRank(a, comparable(a, m), !m.similarity);
  return (rank) => {
    const { index, value } = of(rank);
    return near(a, m, index, value);
  };
};

/** So many are found one after the other, which targets without TopK can say too. */
const few = 16;

/** The `k` nearest side by side, [N, k]. */
export const nearest = (a: Algebra, m: Measure, k: number): Near => {
  if (k <= few) {
    const of = byRank(a, comparable(a, m), !m.similarity);
    const places = Array.from({ length: k }, (_, i) => of(i + 1));
    const beside = (values: readonly Value[]) => a.join(values).data;
    return near(a, m, beside(places.map((p) => p.index)), beside(places.map((p) => p.value)));
  }
  const [measure, index] = a.b.call(['', 'TopK'], [comparable(a, m), a.table(constant('int64', [k]))], {
    attributes: new Map([
      ['axis', attr.int(1)],
      ['largest', attr.int(m.similarity ? 1 : 0)],
    ]),
    outputs: [a.b.unique('nearest'), a.b.unique('places')],
  }) as [Value, Value];
  return near(a, m, index, measure);
};

/** The measure of one record, by its number. */
export const ofRecord = (a: Algebra, { data, missing }: Measure, record: number): Value => {
  const forAll = missing === null || typeOf(missing).dims?.[1] === 1;
  return a.mask(a.column(data, record), forAll ? missing : a.column(missing, record));
};
