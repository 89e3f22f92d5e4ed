/** Where rows go in a tree, in plain logic: for trees whose shared subtrees would grow too large when copied. */
import type { Builder } from '../../ir/builder.ts';
import type { Value } from '../../ir/model.ts';
import { ALL, type Trees } from '../../ir/trees.ts';
import { cast, literal } from '../ml/build.ts';
import { not, orAll, where } from '../own/where.ts';
import type { Truths } from './truth.ts';

/** The tests under a root, each before those it leads to. */
export const testsInOrder = (trees: Trees, root: number): readonly number[] => {
  const done = new Set<number>();
  const entered = new Set<number>();
  const order: number[] = [];
  const open = [root];
  while (open.length) {
    const at = open[open.length - 1] as number;
    if (at < 0 || at === ALL || done.has(at)) {
      open.pop();
    } else if (entered.has(at)) {
      open.pop();
      done.add(at);
      order.push(at);
    } else {
      entered.add(at);
      open.push(trees.ifUnknown[at] as number, trees.ifFalse[at] as number, trees.ifTrue[at] as number);
    }
  }
  return order.reverse();
};

export interface Reached {
  /** int32 `[N, 1]`. */
  readonly outcome: Value;
  readonly unknowns: Value;
}

/** The outcome that a row reaches, and how many tests were UNKNOWN on its way. `row` is any `[N, 1]` value. */
export const reachTree = (b: Builder, trees: Trees, tree: number, truths: Truths, row: Value): Reached => {
  const root = trees.roots[tree] as number;
  // null: every row comes here.
  const reach = new Map<number, Value | null>([[root, null]]);
  const met: Value[] = [];
  const enter = (to: number, rows: Value | null) => {
    const so = reach.get(to);
    reach.set(to, so === undefined ? rows : rows && so && b.op('Or', [so, rows]));
  };
  const both = (x: Value | null, y: Value): Value => (x ? b.op('And', [x, y]) : y);
  for (const t of testsInOrder(trees, root)) {
    const here = reach.get(t);
    // A way that only UNKNOWN takes, where it never is.
    if (here === undefined) continue;
    const { truth, unknown } = truths.of(trees.test[t] as number);
    enter(trees.ifTrue[t] as number, both(here, truth));
    const decided = orAll(b, [truth, unknown]) as Value;
    enter(trees.ifFalse[t] as number, both(here, not(b, decided)));
    if (unknown) {
      const lost = both(here, unknown);
      met.push(lost);
      enter(trees.ifUnknown[t] as number, lost);
    }
  }
  const everywhere = (n: number): Value => b.op('Expand', [literal(b, 'int32', n), b.op('Shape', [row])]);
  const outcomes = [...reach].filter(([to]) => to < 0);
  const outcome = outcomes
    .slice(1)
    .reduce<Value>(
      (other, [to, rows]) => (rows ? where(b, rows, literal(b, 'int32', ~to), other) : other),
      everywhere(~(outcomes[0] as [number, unknown])[0]),
    );
  const unknowns = met
    .map((m) => cast(b, m, 'int32'))
    .reduce<Value | null>((sum, m) => (sum ? b.op('Add', [sum, m]) : m), null);
  return { outcome, unknowns: unknowns ?? everywhere(0) };
};
