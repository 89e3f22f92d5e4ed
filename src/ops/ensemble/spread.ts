/** Spread in ONNX operators: the weight that arrives at each outcome, test by test. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Value } from '../../ir/model.ts';
import { ALL, testOrder } from '../../ir/trees.ts';
import { load } from '../../tensor/data.ts';
import { literal } from '../ml/build.ts';
import type { Plane } from '../operator.ts';
import { everywhere, not, orAll } from '../own/where.ts';
import type { Routing } from './route.ts';
import { Truths } from './truth.ts';

/** float64 `[N, outcomes]`. */
export const expressSpread = (
  b: Builder,
  { predicates, trees, columns }: Routing,
  opsets: ReadonlyMap<string, number>,
): Value => {
  const truths = new Truths(b, predicates, columns, opsets);
  const shares = trees.share ? (load(trees.share).data as Float64Array) : null;
  const { data: row } = columns[0] as Plane;
  const number = (n: number): Value => literal(b, 'float64', n);
  const arrived = new Map<number, Value>();
  const arrive = (to: number, weight: Value) => {
    const so = arrived.get(to);
    arrived.set(to, so ? b.op('Add', [so, weight]) : weight);
  };
  for (const root of trees.roots) arrive(root, everywhere(b, row, number(1)));
  for (const t of testOrder(trees)) {
    const weight = arrived.get(t);
    if (!weight) continue;
    const { truth, unknown } = truths.of(trees.test[t] as number);
    const part = (when: Value, w: Value) => b.op('Where', [when, w, number(0)]);
    const shared = (i: 0 | 1) => b.op('Mul', [weight, number(shares?.[2 * t + i] ?? 1)]);
    const fails = not(b, orAll(b, [truth, unknown]) as Value);
    const ways = (when: Value, i: 0 | 1): Value =>
      unknown && trees.ifUnknown[t] === ALL
        ? b.op('Where', [when, weight, part(unknown, shared(i))])
        : part(when, weight);
    arrive(trees.ifTrue[t] as number, ways(truth, 0));
    arrive(trees.ifFalse[t] as number, ways(fails, 1));
    if (unknown && trees.ifUnknown[t] !== ALL) arrive(trees.ifUnknown[t] as number, part(unknown, weight));
  }
  const outcomes = Array.from(
    { length: trees.outcomes },
    (_, o) => arrived.get(~o) ?? everywhere(b, row, number(0)),
  );
  return outcomes.length === 1 ? (outcomes[0] as Value) : b.op('Concat', outcomes, { axis: attr.int(1) });
};
