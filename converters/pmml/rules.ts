/**
 * Rules that fire or do not, ranked: association and sequence rules. They are put in the order of their rank when the
 * document is read, since what ranks them does not depend on the row; of each row it is then only asked which of them
 * fire. PMML 4.4.1, Output: ruleValue, algorithm, rank, rankBasis, rankOrder, isMultiValued.
 */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import { Classes } from './classes.ts';
import type { Tag } from './document.ts';
import type { Model } from './model.ts';
import { type Asked, classification, type Further, type Prediction } from './prediction.ts';

const measures = ['confidence', 'support', 'lift', 'leverage', 'affinity'] as const;
type Measure = (typeof measures)[number];

const algorithms = ['recommendation', 'exclusiveRecommendation', 'ruleAssociation'] as const;
type Algorithm = (typeof algorithms)[number];

export interface Rule {
  readonly id: string;
  readonly tag: Tag;
  /** As text. */
  readonly antecedent: string;
  readonly consequent: string;
  readonly measures: Readonly<Record<Measure, number | undefined>>;
}

/** Of the rules in the order of the document, bool [N, R]: does the antecedent hold, and does the consequent? */
export interface Holding {
  readonly antecedent: Value;
  readonly consequent: Value;
}

/** Ranks up to this are found one after the other; for later ones all places are sorted. */
const chained = 16;

/** Which rules, in which order. */
interface Ranking {
  readonly algorithm: Algorithm;
  readonly basis: Measure;
  readonly ascending: boolean;
}

/** What an OutputField gets where it says nothing: PMML's own defaults. */
const usual: Ranking = { algorithm: 'exclusiveRecommendation', basis: 'confidence', ascending: false };

export class Rules {
  private readonly m: Model;
  private readonly rules: readonly Rule[];
  /** null: there is no rule. */
  private readonly holding: Holding | null;
  private readonly places = new Map<string, Value>();

  constructor(m: Model, rules: readonly Rule[], holding: () => Holding) {
    this.m = m;
    this.rules = rules;
    this.holding = rules.length === 0 ? null : holding();
  }

  /** Rules in rank order: ties, and rules without the measure, as the document has them. */
  private ordered({ basis, ascending }: Ranking): readonly Rule[] {
    const sign = ascending ? 1 : -1;
    return this.rules.toSorted((x, y) => {
      const [p, q] = [x.measures[basis], y.measures[basis]];
      if (p === undefined || q === undefined) return Number(p === undefined) - Number(q === undefined);
      return sign * (p - q) || 0;
    });
  }

  /** bool [N, R], rules in rank order: does the rule fire? */
  private fires(ranking: Ranking): Value {
    const { a } = this.m.world;
    const { antecedent, consequent } = this.holding as Holding;
    const number = new Map(this.rules.map((r, i) => [r, i]));
    const order = constant(
      'int64',
      this.ordered(ranking).map((r) => number.get(r) as number),
    );
    const inOrder = (plane: Value): Value =>
      a.b.op('Gather', [plane, a.table(order, 'order')], { axis: attr.int(1) });
    if (ranking.algorithm === 'recommendation') return inOrder(antecedent);
    const also = ranking.algorithm === 'ruleAssociation' ? consequent : a.not(consequent);
    return inOrder(a.and(antecedent, also));
  }

  private cached(key: string, make: () => Value): Value {
    const known = this.places.get(key) ?? make();
    this.places.set(key, known);
    return known;
  }

  /** 0, 1 … : where in the order each rule stands. */
  private own(): Value {
    const { a } = this.m.world;
    return this.cached('own', () =>
      a.table(
        constant(
          'int32',
          this.rules.map((_, i) => i),
          [1, this.rules.length],
        ),
        'places',
      ),
    );
  }

  /** Where in the order the rule of that rank stands: int32 [N, 1], missing where fewer fire. */
  private place(ranking: Ranking, rank: number): Value {
    const { a } = this.m.world;
    return this.cached(`${Object.values(ranking).join(' ')} ${rank}`, () => {
      if (rank <= chained) return this.orNone(this.next(ranking, rank));
      const axis = { axis: attr.int(1) };
      const sorted = this.sorted(ranking, Math.min(rank, this.rules.length));
      if (rank > this.rules.length) return this.orNone(a.like(sorted, this.rules.length));
      return this.orNone(a.b.op('Gather', [sorted, a.table(constant('int64', [rank - 1], [1]))], axis));
    });
  }

  /** The first one behind that of the rank before; the number of rules where there is none. */
  private next(ranking: Ranking, rank: number): Value {
    const { a } = this.m.world;
    const key = Object.values(ranking).join(' ');
    return this.cached(`${key} next ${rank}`, () => {
      const fires = this.cached(`${key} fires`, () => this.fires(ranking));
      const left =
        rank === 1 ? fires : a.and(fires, a.b.op('Greater', [this.own(), this.next(ranking, rank - 1)]));
      const ones = a.b.op('Cast', [left], { to: attr.int(6) });
      const along = { axis: attr.int(1), keepdims: attr.int(1) };
      const at = a.b.op('Cast', [a.b.op('ArgMax', [ones], along)], { to: attr.int(6) });
      const any = a.b.op('ReduceMax', [ones, a.b.constant(constant('int64', [1], [1]))]);
      const found = a.b.op('Equal', [any, a.constant('int32', 1)]);
      return a.where(found, at, a.constant('int32', this.rules.length));
    });
  }

  /** The places of the rules that fire, ascending, then the number of rules: int32 [N, count]. */
  private sorted(ranking: Ranking, count: number): Value {
    const { a } = this.m.world;
    return this.cached(`${Object.values(ranking).join(' ')} sorted ${count}`, () => {
      const keys = a.where(this.fires(ranking), this.own(), a.constant('int32', this.rules.length));
      const k = a.b.constant(constant('int64', [count], [1]));
      const [sorted] = a.b.call(['', 'TopK'], [keys, k], {
        attributes: { axis: attr.int(1), largest: attr.int(0), sorted: attr.int(1) },
        outputs: [a.b.unique('places'), a.b.unique('index')],
      });
      return sorted as Value;
    });
  }

  /** Missing where it points behind the last rule. */
  private orNone(place: Value): Value {
    const { a } = this.m.world;
    const none = a.b.op('Equal', [place, a.constant('int32', this.rules.length)]);
    return a.mask(a.where(none, a.constant('int32', 0), place), none);
  }

  /** A property of the rules at these places. */
  private of(ranking: Ranking, places: Value | null, what: Feature): Further {
    const { scope } = this.m;
    const { a } = scope.world;
    const text = !measures.some((x) => x === what);
    if (places === null) {
      return { value: a.nothing(text ? 'string' : scope.real), dataType: text ? 'string' : 'double' };
    }
    const rules = this.ordered(ranking);
    if (text) {
      const names = rules.map((r) => this.text(r, what));
      return { value: a.pick(a.table(constant('string', names), what), places), dataType: 'string' };
    }
    const values = rules.map((r) => r.measures[what as Measure]);
    const numbers = constant(
      scope.real,
      values.map((v) => v ?? 0),
    );
    const value = a.pick(a.table(numbers, what), places);
    if (!values.includes(undefined)) return { value, dataType: 'double' };
    const absent = constant(
      'bool',
      values.map((v) => v === undefined),
    );
    const plane = a.b.op('Gather', [a.table(absent, 'absent'), a.fill(places)], { axis: attr.int(0) });
    return { value: a.mask(value, plane), dataType: 'double' };
  }

  private text(rule: Rule, what: Feature): string {
    if (what === 'antecedent' || what === 'consequent') return rule[what];
    return what === 'rule' ? `${rule.antecedent} -> ${rule.consequent}` : rule.id;
  }

  /** Without an Output: what the best rule recommends that is not in the basket yet. */
  prediction(): Prediction {
    const { world } = this.m;
    const { a } = world;
    const classes = new Classes(undefined);
    const inOrder = this.ordered(usual).map((r) => classes.index(world.doc, r.tag, r.consequent));
    const index = this.holding
      ? a.pick(a.table(constant('int32', inOrder), 'consequents'), this.place(usual, 1))
      : a.nothing('int32');
    return {
      ...classification(a, classes, index, {
        entity: () => this.of(usual, this.holding && this.place(usual, 1), 'ruleId').value,
      }),
      further: (ask) => this.further(ask),
    };
  }

  private further({ feature, element, rank }: Asked): Further | null {
    const { doc } = this.m.world;
    const what = featureOf(
      feature === 'ruleValue' ? doc.choice(element, 'ruleFeature', features, 'consequent') : feature,
    );
    if (what === null) return null;
    const ranking: Ranking = {
      algorithm: doc.choice(element, 'algorithm', algorithms, usual.algorithm),
      basis: doc.choice(element, 'rankBasis', measures, usual.basis),
      ascending: doc.choice(element, 'rankOrder', ['descending', 'ascending'], 'descending') === 'ascending',
    };
    if (!Number.isInteger(rank))
      doc.fail(element, 'pmml/attribute-value', `rank="${rank}" is no whole number`);
    const several = doc.flag(element, 'isMultiValued', false);
    if (several) {
      const all = this.rules.length;
      const count = rank > 0 ? Math.min(rank, all) : all;
      return {
        ...this.of(ranking, this.holding && this.orNone(this.sorted(ranking, count)), what),
        list: true,
      };
    }
    if (rank < 1) {
      doc.fail(element, 'pmml/attribute-value', `rank="${rank}" names no rule`, 'ranks are counted from 1');
    }
    return this.of(ranking, this.holding && this.place(ranking, rank), what);
  }
}

const features = ['antecedent', 'consequent', 'rule', 'ruleId', ...measures] as const;
type Feature = (typeof features)[number];

/** Result features that are features of rules; an entity is a rule. */
const featureOf = (feature: string): Feature | null =>
  feature === 'entityId' ? 'ruleId' : (features.find((f) => f === feature) ?? null);
