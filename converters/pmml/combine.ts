/**
 * How the predictions of several segments become one. Everything is over columns [N, K], one a segment: what it says,
 * and whether its predicate is TRUE. PMML 4.4.1, Multiple Models.
 */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Algebra, type Real, typeOf } from './algebra.ts';
import type { Classes } from './classes.ts';
import type { Document, Tag } from './document.ts';
import type { Columns } from './forest.ts';
import { byProbability, classification, masked, type Prediction, regression, winner } from './prediction.ts';

export const methods = [
  'majorityVote',
  'weightedMajorityVote',
  'average',
  'weightedAverage',
  'median',
  'weightedMedian',
  'x-weightedMedian',
  'max',
  'sum',
  'weightedSum',
  'x-weightedSum',
  'selectFirst',
  'selectAll',
  'modelChain',
  'x-multiModelChain',
] as const;

export type Method = (typeof methods)[number];
export type MissingTreatment = 'continue' | 'skipSegment' | 'returnMissing';

/** What the segments say of every row, side by side. */
export interface Members {
  readonly count: number;
  /** Rows and segments whose predicate is TRUE; null: all. */
  readonly active: Value | null;
  /** Of each segment, or [N, K] where a field has part in it. */
  readonly weights: readonly number[] | Value;
  readonly values: () => Columns;
  readonly classes: () => Columns;
  /** Of a class; null where no segment knows any. */
  readonly probability: (c: number) => Columns | null;
}

export interface Combination {
  readonly method: Method;
  readonly missing: MissingTreatment;
  /** Of the segments in force, how large a part may be without a prediction. */
  readonly threshold: number;
}

/** One ensemble's arithmetic. */
export const combine = (
  doc: Document,
  a: Algebra,
  tag: Tag,
  real: Real,
  members: Members,
  how: Combination,
  classes: Classes | null,
): Prediction => {
  const e = new Ensemble(doc, a, tag, real, members, how);
  if (classes === null) return e.regression();
  return how.method === 'majorityVote' || how.method === 'weightedMajorityVote'
    ? e.vote(classes)
    : e.probabilities(classes);
};

const total = { base: attr.string('first') };

class Ensemble {
  private readonly doc: Document;
  private readonly a: Algebra;
  private readonly tag: Tag;
  private readonly real: Real;
  private readonly m: Members;
  private readonly how: Combination;
  private readonly weighted: boolean;
  private readonly zero: Value;
  private readonly one: Value;

  constructor(doc: Document, a: Algebra, tag: Tag, real: Real, members: Members, how: Combination) {
    this.doc = doc;
    this.a = a;
    this.tag = tag;
    this.real = real;
    this.m = members;
    this.how = how;
    this.weighted = how.method.includes('eighted');
    this.zero = a.constant(real, 0);
    this.one = a.constant(real, 1);
  }

  private sum(v: Value): Value {
    return typeOf(v).dims?.[1] === 1 ? v : this.a.own('Sum', [v], total);
  }

  /** Weights as [1, K] or [N, K]; 1 each where the method knows none. */
  private weights(): Value {
    const { weights } = this.m;
    if (!this.weighted)
      return this.a.table(constant(this.real, new Array(this.m.count).fill(1), [1, this.m.count]));
    return Array.isArray(weights)
      ? this.a.table(constant(this.real, weights, [1, this.m.count]), 'weights')
      : (weights as Value);
  }

  /** Segments that take part in a row: in force, and with a prediction. null: all of them, always. */
  private present(missing: Value | null): Value | null {
    const there = missing === null ? null : this.a.not(missing);
    const { active } = this.m;
    return there === null ? active : active === null ? there : this.a.and(active, there);
  }

  /** The same where one without a prediction leaves the row without any: what it counts for does not matter then. */
  private summed(missing: Value | null): Value | null {
    return this.how.missing === 'skipSegment' ? this.present(missing) : this.m.active;
  }

  private only(v: Value, present: Value | null): Value {
    return present === null ? v : this.a.where(present, v, this.zero);
  }

  /** How many take part, or what they weigh together; a constant where all always do. */
  private size(present: Value | null): Value {
    const { weights } = this.m;
    if (present === null && (!this.weighted || Array.isArray(weights))) {
      const list = this.weighted ? (weights as readonly number[]) : new Array<number>(this.m.count).fill(1);
      const round = this.real === 'float32' ? Math.fround : (x: number) => x;
      return this.a.constant(
        this.real,
        list.reduce((x, y) => round(x + round(y)), 0),
      );
    }
    return this.sum(this.only(this.weights(), present));
  }

  /**
   * Rows where the result is missing for the sake of segments without a prediction; null: none.
   * `voting`: a missing vote is a vote like others, so that `continue` goes on.
   */
  private gone(missing: Value | null, voting: boolean): Value | null {
    const { a, how } = this;
    const { active } = this.m;
    const empty = (of: Value | null) =>
      of === null ? null : a.b.op('LessOrEqual', [this.size(of), this.zero]);
    if (missing === null) return empty(active);
    const lost = active === null ? missing : a.and(active, missing);
    if (how.missing === 'returnMissing' || (how.missing === 'continue' && !voting)) {
      const any = this.sum(a.cast(lost, this.real));
      return a.or(empty(active), a.b.op('Greater', [any, this.zero]));
    }
    const none = empty(this.present(missing));
    // All of them are no more than all of them.
    if (how.threshold >= 1) return none;
    const without = this.sum(this.only(this.weights(), lost));
    const bound = a.b.op('Mul', [this.size(active), a.constant(this.real, how.threshold)]);
    return a.or(none, a.b.op('Greater', [without, bound]));
  }

  /** 1 where nothing takes part: what is divided is masked. */
  private divisor(present: Value | null): Value {
    const size = this.size(present);
    if (present === null) return size;
    return this.a.where(this.a.b.op('LessOrEqual', [size, this.zero]), this.one, size);
  }

  private average({ data, missing }: Columns): Value {
    const present = this.summed(missing);
    const weighed = this.weighted ? this.a.b.op('Mul', [data, this.weights()]) : data;
    return this.a.b.op('Div', [this.sum(this.only(weighed, present)), this.divisor(present)]);
  }

  private median({ data, missing }: Columns): Value {
    const present = this.summed(missing);
    const values = present === null ? data : this.a.mask(data, this.a.not(present));
    const { weights } = this.m;
    if (!this.weighted) return this.a.own('Median', [values]);
    if (!Array.isArray(weights)) return this.a.own('Median', [values, weights as Value]);
    return this.a.own('Median', [
      values,
      this.a.table(constant(this.real, weights as readonly number[]), 'weights'),
    ]);
  }

  regression(): Prediction {
    const { a, how, m } = this;
    const columns = m.values();
    const present = this.summed(columns.missing);
    const gone = this.gone(columns.missing, false);
    const value = (): Value => {
      switch (how.method) {
        case 'average':
        case 'weightedAverage':
          return this.average(columns);
        case 'sum':
          return this.sum(this.only(columns.data, present));
        case 'weightedSum':
        case 'x-weightedSum':
          return this.sum(this.only(a.b.op('Mul', [columns.data, this.weights()]), present));
        case 'median':
        case 'weightedMedian':
        case 'x-weightedMedian':
          return a.fill(this.median(columns));
        default:
          return this.doc.refuse(
            this.tag,
            `multipleModelMethod="${how.method}" is not defined for regression`,
          );
      }
    };
    return regression(a.mask(value(), gone));
  }

  /** The class with the most votes; among equals the one that the target lists first. */
  vote(classes: Classes): Prediction {
    const { a, m, how } = this;
    const { data, missing } = m.classes();
    const present = how.missing === 'returnMissing' ? m.active : this.present(missing);
    const votes = present === null ? data : a.mask(data, a.not(present));
    const flat = this.weighted && Array.isArray(m.weights) ? (m.weights as readonly number[]) : null;
    const weights =
      flat !== null || !this.weighted
        ? a.table(constant(this.real, flat ?? new Array<number>(m.count).fill(1)), 'weights')
        : this.weights();
    const tally = a.own('Tally', [votes, weights], { classes: attr.int(classes.count) });
    const best = a.b.op('ArgMax', [tally], { axis: attr.int(1), keepdims: attr.int(1) });
    let gone = this.gone(missing, true);
    if (missing !== null && how.missing === 'continue') {
      // No prediction is a vote too.
      const lost = m.active === null ? missing : a.and(m.active, missing);
      const top = a.b.op('ReduceMax', [tally, a.table(constant('int64', [1]))], { keepdims: attr.int(1) });
      gone = a.or(gone, a.b.op('Greater', [this.sum(this.only(this.weights(), lost)), top]));
    }
    const all = this.divisor(present);
    return masked(
      a,
      classification(a, classes, a.cast(best, 'int32'), {
        probability: (c) => a.b.op('Div', [a.column(tally, c), all]),
      }),
      gone,
    );
  }

  probabilities(classes: Classes): Prediction {
    const { a, how, m } = this;
    const columns = Array.from({ length: classes.count }, (_, c) => m.probability(c));
    if (columns.some((c) => c === null)) {
      return this.doc.fail(
        this.tag,
        'pmml/no-probabilities',
        `multipleModelMethod="${how.method}" combines probabilities, and a segment has none`,
      );
    }
    const shares = columns as Columns[];
    const missing = a.or(...shares.map((s) => s.missing));
    const present = this.summed(missing);
    const gone = this.gone(missing, false);
    const of = (data: Value): Columns => ({ data, missing });
    switch (how.method) {
      case 'average':
      case 'weightedAverage': {
        const p = shares.map((s) => this.average(of(s.data)));
        return masked(a, byProbability(a, classes, p), gone);
      }
      case 'max': {
        const tops = shares.map((s) => this.highest(s.data, present));
        const chosen = a.fill(winner(a, tops));
        const its = this.chosen(shares, chosen);
        const contributing = a.b.op('Equal', [
          its,
          this.chosen(
            tops.map((data) => of(data)),
            chosen,
          ),
        ]);
        return this.contributors(classes, shares, chosen, this.both(present, contributing), gone);
      }
      case 'median':
      case 'weightedMedian':
      case 'x-weightedMedian': {
        const medians = shares.map((s) => a.fill(this.median(of(s.data))));
        const chosen = a.fill(winner(a, medians));
        const its = this.chosen(shares, chosen);
        const middle = this.chosen(
          medians.map((data) => of(data)),
          chosen,
        );
        const [low, high] = this.weighted ? [middle, middle] : this.middles(its, present, middle);
        const contributing = a.or(a.b.op('Equal', [its, low]), a.b.op('Equal', [its, high])) as Value;
        return this.contributors(classes, shares, chosen, this.both(present, contributing), gone);
      }
      default:
        return this.doc.refuse(
          this.tag,
          `multipleModelMethod="${how.method}" is not defined for classification`,
        );
    }
  }

  private both(x: Value | null, y: Value): Value {
    return x === null ? y : this.a.and(x, y);
  }

  /** Greatest of those that take part; -1 where none does. */
  private highest(data: Value, present: Value | null): Value {
    const { a } = this;
    const full = present === null ? data : a.where(present, data, a.constant(this.real, -1));
    return a.b.op('ReduceMax', [full, a.table(constant('int64', [1]))], { keepdims: attr.int(1) });
  }

  /** Of the class chosen in each row, its columns. */
  private chosen(shares: readonly Columns[], index: Value): Value {
    const { a } = this;
    return shares
      .slice(1)
      .reduce(
        (v, s, i) => a.where(a.b.op('Equal', [index, a.like(index, i + 1)]), s.data, v),
        (shares[0] as Columns).data,
      );
  }

  /** The lower and the upper middle of an even number of values; both the median of an odd one. */
  private middles(data: Value, present: Value | null, median: Value): [Value, Value] {
    const { a } = this;
    const values = present === null ? data : a.mask(data, a.not(present));
    const beside = (x: number) => {
      const more = a.spread(a.constant(this.real, x), a.column(data, 0));
      const { data: joined, missing } = a.join([values, more]);
      return a.fill(a.own('Median', [missing === null ? joined : a.mask(joined, missing)]));
    };
    const count =
      present === null ? a.constant(this.real, this.m.count) : this.sum(a.cast(present, this.real));
    const half = a.b.op('Div', [count, a.constant(this.real, 2)]);
    const even = a.b.op('Equal', [a.b.op('Floor', [half]), half]);
    return [a.where(even, beside(-Infinity), median), a.where(even, beside(Infinity), median)];
  }

  /** The average probabilities of the models that gave the winner its probability. */
  private contributors(
    classes: Classes,
    shares: readonly Columns[],
    index: Value,
    which: Value,
    gone: Value | null,
  ): Prediction {
    const { a } = this;
    const count = a.b.op('Max', [this.sum(a.cast(which, this.real)), this.one]);
    return masked(
      a,
      classification(a, classes, index, {
        probability: (c) => a.b.op('Div', [this.sum(this.only((shares[c] as Columns).data, which)), count]),
      }),
      gone,
    );
  }
}
