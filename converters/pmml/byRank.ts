/** The columns of a matrix from the highest to the lowest, row by row. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Algebra, dtypeOf, typeOf } from './algebra.ts';

/** Of every row, which column it is (int32) and what it holds, both [N, 1]. */
interface Place {
  readonly index: Value;
  readonly value: Value;
}

/**
 * The column of each rank, counted from 1, of plain data [N, K]; among equal ones the first stands first. Ranks beyond
 * K hold -∞. One ArgMax a rank, made when it is asked for.
 */
export const byRank = (a: Algebra, data: Value): ((rank: number) => Place) => {
  const width = typeOf(data).dims?.[1] as number;
  const numbers = Array.from({ length: width }, (_, i) => i);
  const places = a.table(constant('int64', numbers, [1, width]), 'places');
  const axes = a.table(constant('int64', [1], [1]), 'axes');
  const found: Place[] = [];
  let left = data;
  let at: Value | null = null;
  return (rank) => {
    while (found.length < Math.min(rank, width)) {
      if (at !== null) left = a.where(a.b.op('Equal', [at, places]), a.like(data, -Infinity), left);
      at = a.b.op('ArgMax', [left], { axis: attr.int(1) });
      found.push({
        index: a.b.op('Cast', [at], { to: attr.int(6) }),
        value: a.b.op('ReduceMax', [left, axes]),
      });
    }
    return found[rank - 1] ?? { index: a.constant('int32', 0), value: a.constant(dtypeOf(data), -Infinity) };
  };
};
