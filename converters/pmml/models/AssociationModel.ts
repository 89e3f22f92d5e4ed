/**
 * Association rules over baskets. Rules are put in the order of their rank when the document is read, since what ranks
 * them does not depend on the basket; of each row it is then only asked which of them fire. PMML 4.4.1, Association Rules
 * and Output.
 */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { Classes } from '../classes.ts';
import { parts } from '../document.ts';
import {
  type Item,
  type Itemset,
  itemPlanes,
  nameOf,
  readItems,
  readItemsets,
  type Transactions,
} from '../itemsets.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Asked, classification, type Further, type Prediction } from '../prediction.ts';

const measures = ['confidence', 'support', 'lift', 'leverage', 'affinity'] as const;
type Measure = (typeof measures)[number];

const algorithms = ['recommendation', 'exclusiveRecommendation', 'ruleAssociation'] as const;
type Algorithm = (typeof algorithms)[number];

interface Rule {
  readonly id: string;
  readonly antecedent: Itemset;
  readonly consequent: Itemset;
  readonly measures: Readonly<Record<Measure, number | undefined>>;
}

/** Ranks up to this are found one after the other; for later ones all places are sorted. */
const chained = 16;

/** Rules times items beyond this are refused: they would be one dense table. */
const most = 2 ** 26;

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag } = m;
  const { doc } = world;
  let schema: Element | undefined;
  const found = { Item: [] as Element[], Itemset: [] as Element[], AssociationRule: [] as Element[] };
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (child.name === 'MiningSchema') schema = cursor.element(child);
    else if (child.name in found) found[child.name as keyof typeof found].push(cursor.element(child));
    else if (!m.part(cursor, child)) doc.refuse(child);
  }
  if (!schema) return doc.fail(tag, 'pmml/missing-element', 'an AssociationModel needs a MiningSchema');
  const from = transactionsOf(m, schema, found.Item);
  m.admit(schema, new Set(from ? [from.field, from.by ?? from.field] : []));
  const items = readItems(world, found.Item);
  const sets = readItemsets(world, found.Itemset, items);
  const rules = found.AssociationRule.map((e, i) => readRule(m, e, i, sets));
  for (const [name, list] of [
    ['numberOfItems', found.Item],
    ['numberOfItemsets', found.Itemset],
    ['numberOfRules', found.AssociationRule],
  ] as const) {
    const said = doc.number(tag, name);
    if (said !== undefined && said !== list.length) {
      doc.warn(tag, 'pmml/count', `it says ${name}="${said}" and holds ${list.length}; what it holds counts`);
    }
  }
  return done(m, () => m.result(new Rules(m, items, rules, itemPlanes(m, items, from)).prediction()));
};

/**
 * The field of items and the one that groups rows. Where each item names another field, or several fields are active,
 * each row is a transaction by itself and there is none.
 */
const transactionsOf = (m: Model, schema: Element, items: readonly Element[]): Transactions | null => {
  const { doc } = m.world;
  const fields = parts(schema).map((tag) => ({
    name: doc.need(tag, 'name'),
    usage: doc.text(tag, 'usageType') ?? 'active',
    tag,
  }));
  const groups = fields.filter((f) => f.usage === 'group');
  if (groups[1]) doc.refuse(groups[1].tag, 'more than one field that groups is not supported');
  const active = fields.filter((f) => f.usage === 'active');
  const [only] = active;
  if (only === undefined) return null;
  const by = groups[0]?.name ?? null;
  if (active.length > 1) {
    if (by === null) return null;
    return doc.refuse(
      groups[0]?.tag ?? schema,
      'groups of rows with several active fields are not supported',
    );
  }
  // A flag or a category of one field is no list of items.
  const plain = by === null && items.every((i) => doc.text(i, 'category') !== undefined);
  return plain && items.length > 0 ? null : { field: only.name, by };
};

const readRule = (m: Model, e: Element, at: number, sets: ReadonlyMap<string, Itemset>): Rule => {
  const { doc } = m.world;
  const set = (name: string): Itemset => {
    const id = doc.need(e, name);
    return sets.get(id) ?? doc.fail(e, 'pmml/unknown-itemset', `there is no Itemset with id "${id}"`);
  };
  const antecedent = set('antecedent');
  const consequent = set('consequent');
  const support = doc.needNumber(e, 'support');
  const confidence = doc.needNumber(e, 'confidence');
  const [a, c] = [antecedent.support, consequent.support];
  return {
    id: doc.text(e, 'id') ?? String(at + 1),
    antecedent,
    consequent,
    // What is not written follows from the supports of the itemsets, where those are.
    measures: {
      support,
      confidence,
      lift: doc.number(e, 'lift') ?? (c ? confidence / c : undefined),
      leverage:
        doc.number(e, 'leverage') ?? (a !== undefined && c !== undefined ? support - a * c : undefined),
      affinity:
        doc.number(e, 'affinity') ??
        (a !== undefined && c !== undefined && a + c > support ? support / (a + c - support) : undefined),
    },
  };
};

/** Which rules, in which order. */
interface Ranking {
  readonly algorithm: Algorithm;
  readonly basis: Measure;
  readonly ascending: boolean;
}

/** What an OutputField gets where it says nothing: PMML's own defaults. */
const usual: Ranking = { algorithm: 'exclusiveRecommendation', basis: 'confidence', ascending: false };

class Rules {
  private readonly m: Model;
  private readonly items: ReadonlyMap<string, Item>;
  private readonly rules: readonly Rule[];
  /** bool [N, S]: is set s contained in the basket? */
  private readonly contained: Value | null;
  private readonly numberOf = new Map<Itemset, number>();
  private readonly places = new Map<string, Value>();

  constructor(m: Model, items: ReadonlyMap<string, Item>, rules: readonly Rule[], planes: Value) {
    this.m = m;
    this.items = items;
    this.rules = rules;
    for (const r of rules) {
      for (const s of [r.antecedent, r.consequent]) {
        if (!this.numberOf.has(s)) this.numberOf.set(s, this.numberOf.size);
      }
    }
    this.contained = rules.length === 0 ? null : this.containment(planes);
  }

  /** How many items of a set are there is a product with its 0/1 column: whole numbers, exact in any order. */
  private containment(planes: Value): Value {
    const { a, doc } = this.m.world;
    const sets = [...this.numberOf.keys()];
    const column = new Map([...this.items.keys()].map((id, i) => [id, i]));
    const width = column.size;
    if (width * sets.length > most) {
      doc.fail(this.m.tag, 'pmml/too-large', `${width} items in ${sets.length} itemsets are too many`);
    }
    const members = new Float32Array(width * sets.length);
    sets.forEach((s, j) => {
      for (const id of s.items) members[(column.get(id) as number) * sets.length + j] = 1;
    });
    const table = a.table(constant('float32', members, [width, sets.length]), 'itemsets');
    const sizes = a.table(
      constant(
        'float32',
        sets.map((s) => s.items.length),
        [1, sets.length],
      ),
      'sizes',
    );
    const counts = a.b.op('MatMul', [a.b.op('Cast', [planes], { to: attr.int(1) }), table]);
    return a.b.op('Equal', [counts, sizes]);
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
    const rules = this.ordered(ranking);
    const side = (of: (r: Rule) => Itemset): Value => {
      const index = constant(
        'int64',
        rules.map((r) => this.numberOf.get(of(r)) as number),
      );
      return a.b.op('Gather', [this.contained as Value, a.table(index, 'sets')], { axis: attr.int(1) });
    };
    const antecedent = side((r) => r.antecedent);
    if (ranking.algorithm === 'recommendation') return antecedent;
    const consequent = side((r) => r.consequent);
    return a.b.op('And', [
      antecedent,
      ranking.algorithm === 'ruleAssociation' ? consequent : a.not(consequent),
    ]);
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
    const [from, to] = [nameOf(rule.antecedent, this.items), nameOf(rule.consequent, this.items)];
    if (what === 'antecedent') return from;
    if (what === 'consequent') return to;
    return what === 'rule' ? `${from} -> ${to}` : rule.id;
  }

  /** Without an Output: what the best rule recommends that is not in the basket yet. */
  prediction(): Prediction {
    const { world } = this.m;
    const { a } = world;
    const classes = new Classes(undefined);
    const inOrder = this.ordered(usual).map((r) =>
      classes.index(world.doc, r.consequent.tag, this.text(r, 'consequent')),
    );
    const index = this.contained
      ? a.pick(a.table(constant('int32', inOrder), 'consequents'), this.place(usual, 1))
      : a.nothing('int32');
    return {
      ...classification(a, classes, index, {
        entity: () => this.of(usual, this.contained && this.place(usual, 1), 'ruleId').value,
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
        ...this.of(ranking, this.contained && this.orNone(this.sorted(ranking, count)), what),
        list: true,
      };
    }
    if (rank < 1) {
      doc.fail(element, 'pmml/attribute-value', `rank="${rank}" names no rule`, 'ranks are counted from 1');
    }
    return this.of(ranking, this.contained && this.place(ranking, rank), what);
  }
}

const features = ['antecedent', 'consequent', 'rule', 'ruleId', ...measures] as const;
type Feature = (typeof features)[number];

/** Result features that are features of rules; an entity is a rule. */
const featureOf = (feature: string): Feature | null =>
  feature === 'entityId' ? 'ruleId' : (features.find((f) => f === feature) ?? null);

export const associationModel: ModelElement = {
  name: 'AssociationModel',
  functions: ['associationRules'],
  groups: true,
  read,
};
