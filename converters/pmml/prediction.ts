/** What a model says of every row, before Targets and Output: a number, or a class with what is known of all classes. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf, type Real } from './algebra.ts';
import type { Classes } from './classes.ts';
import type { DataType } from './types.ts';

export interface Prediction {
  /** null: a regression. */
  readonly classes: Classes | null;
  /** The number, or the class's label; [N, 1], missing where there is no prediction. */
  readonly value: Value;
  /** Number of the class, int32; null for a regression. */
  readonly index: Value | null;
  /** Of a class, by its number; null where the model knows none. */
  readonly probability: (c: number) => Value | null;
  readonly confidence: (c: number) => Value | null;
  /** Id of what decided (a tree's node); null where there is none. */
  readonly entity: () => Value | null;
  /** There is nothing to predict, only result features: `value` is not shown. */
  readonly silent?: true;
  /** Result features that are of this kind of model alone; null where it has none such. PMML 4.4.1, Output. */
  readonly further?: (ask: Asked) => Further | null;
}

export interface Further {
  readonly value: Value;
  readonly dataType: DataType;
  /** `[N, K]`: several values a row, the first of them present (isMultiValued). */
  readonly list?: true;
}

/** What an OutputField asks of a model. */
export interface Asked {
  /** RESULT-FEATURE: `affinity`, `reasonCode`, `ruleValue`, `standardError` … */
  readonly feature: string;
  readonly element: Element;
  /** Counted from 1. */
  readonly rank: number;
  /** The attribute `value`: the category, cluster or entity that is asked about. */
  readonly value: string | undefined;
}

const memo = <K, V>(f: (key: K) => V): ((key: K) => V) => {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, f(key));
    return known.get(key) as V;
  };
};

const once = <V>(f: () => V): (() => V) => {
  const of = memo((_: null) => f());
  return () => of(null);
};

const nothing = () => null;

export const regression = (value: Value, entity: () => Value | null = nothing): Prediction => ({
  classes: null,
  value,
  index: null,
  probability: nothing,
  confidence: nothing,
  entity: once(entity),
});

/** From the number of the class. */
export const classification = (
  a: Algebra,
  classes: Classes,
  index: Value,
  rest: Partial<Pick<Prediction, 'probability' | 'confidence' | 'entity'>>,
): Prediction => ({
  classes,
  value: a.pick(a.table(classes.table(), 'labels'), index),
  index,
  probability: memo(rest.probability ?? nothing),
  confidence: memo(rest.confidence ?? nothing),
  entity: once(rest.entity ?? nothing),
});

/** The class with the highest value; among equal ones the first. Missing where any value is. */
export const winner = (a: Algebra, values: readonly Value[]): Value => {
  const { data } = a.join(values);
  const missing = a.or(...values.map((v) => a.missing(v)));
  const at = a.b.op('ArgMax', [data], { axis: attr.int(1), keepdims: attr.int(1) });
  return a.mask(a.b.op('Cast', [at], { to: attr.int(6) }), missing);
};

/** Probabilities decide the class. */
export const byProbability = (
  a: Algebra,
  classes: Classes,
  probabilities: readonly Value[],
  rest: Partial<Pick<Prediction, 'confidence' | 'entity'>> = {},
): Prediction =>
  classification(a, classes, winner(a, probabilities), {
    probability: (c) => probabilities[c] ?? null,
    ...rest,
  });

/**
 * Likelihoods, by class, given as logarithms (null: zero), over their sum. The greatest exponent is 0: nothing
 * overflows. Missing where all are zero.
 */
export const logLikelihoods = (a: Algebra, logs: readonly (Value | null)[], real: Real): Value[] => {
  const present = logs.filter((v) => v !== null);
  const top = present.reduce((x, v) => a.lift('Max', [x, v]));
  const none = a.isTrue(a.compare('Equal', top, a.like(top, -Infinity)));
  const base = a.where(none, a.like(top, 0), a.fill(top));
  const e = new Map(present.map((v) => [v, a.lift('Exp', [a.sub(v, base)])]));
  const all = [...e.values()].reduce((x, v) => a.add(x, v));
  const zero = a.constant(real, 0);
  return logs.map((v) =>
    a.mask(v === null ? zero : a.div(e.get(v) as Value, all), a.or(none, a.missing(top))),
  );
};

/** The same through a function of its columns; what it gives for one column must not depend on the others. */
export const mapped = (p: Prediction, f: (v: Value) => Value): Prediction => {
  const of = (v: Value | null) => (v === null ? null : f(v));
  return {
    classes: p.classes,
    value: f(p.value),
    index: of(p.index),
    probability: memo((c) => of(p.probability(c))),
    confidence: memo((c) => of(p.confidence(c))),
    entity: once(() => of(p.entity())),
    ...(p.silent && { silent: true }),
    ...(p.further && {
      further: (ask) => {
        const found = p.further?.(ask) ?? null;
        return found && { ...found, value: f(found.value) };
      },
    }),
  };
};

/** Missing where the plane is true. */
export const masked = (a: Algebra, p: Prediction, when: Value | null): Prediction =>
  when === null ? p : mapped(p, (v) => a.mask(v, when));

/** The first prediction whose condition is true; none where none is. What one of them lacks is missing in its rows. */
export const firstOf = (a: Algebra, options: readonly { when: Value; then: Prediction }[]): Prediction => {
  const { classes } = (options[0] as { then: Prediction }).then;
  const pick = (of: (p: Prediction) => Value | null): Value | null => {
    const columns = options.map((o) => of(o.then));
    const sample = columns.find((v) => v !== null);
    if (!sample) return null;
    const none = a.nothing(dtypeOf(sample));
    return a.choose(
      options.flatMap((o, i) => [o.when, columns[i] ?? none]),
      none,
    );
  };
  return {
    classes,
    value: pick((p) => p.value) as Value,
    index: pick((p) => p.index),
    probability: memo((c) => pick((p) => p.probability(c))),
    confidence: memo((c) => pick((p) => p.confidence(c))),
    entity: once(() => pick((p) => p.entity())),
    further: (ask) => {
      const found = options.map((o) => o.then.further?.(ask) ?? null);
      const sample = found.find((f) => f !== null);
      if (!sample) return null;
      const value = pick((p) => found[options.findIndex((o) => o.then === p)]?.value ?? null);
      return { ...sample, value: value as Value };
    },
  };
};
