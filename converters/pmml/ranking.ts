/** Columns in the order of their values, row by row. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Algebra, typeOf } from './algebra.ts';

/** A column of each row: its number, int64, and its value; [N, 1]. */
export interface Place {
  readonly index: Value;
  readonly value: Value;
}

/**
 * The columns of plain values [N, K] by rank, counted from 1, highest (or lowest) first; of equal ones the first is
 * first. What is past all columns has the value -Infinity (Infinity).
 */
export const byRank = (a: Algebra, values: Value, lowest = false): ((rank: number) => Place) => {
  const over = { axis: attr.int(1), keepdims: attr.int(1) };
  const width = typeOf(values).dims?.[1];
  const columns = a.table(
    constant(
      'int64',
      Array.from({ length: Number(width) }, (_, i) => i),
      [1, Number(width)],
    ),
    'columns',
  );
  const found: Place[] = [];
  let rest = values;
  return (rank) => {
    while (found.length < rank) {
      const last = found[found.length - 1];
      if (last) {
        const taken = a.b.op('Equal', [columns, last.index]);
        rest = a.where(taken, a.like(values, lowest ? Infinity : -Infinity), rest);
      }
      found.push({
        index: a.b.op(lowest ? 'ArgMin' : 'ArgMax', [rest], over),
        value: a.b.op(lowest ? 'ReduceMin' : 'ReduceMax', [rest, a.table(constant('int64', [1]))], {
          keepdims: attr.int(1),
        }),
      });
    }
    return found[rank - 1] as Place;
  };
};
