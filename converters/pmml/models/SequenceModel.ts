/**
 * Sequence rules over the transactions of a group. A sequence occurs where its sets are in transactions that follow each
 * other as its delimiters and the Constraints ask; the specification says when it does, and shows no Output: rules are
 * ranked and shown as association rules are. PMML 4.4.1, Sequence Rules.
 */
import { attr } from '../../../src/ir/attributes.ts';
import { tensorType, type Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { arrayValues } from '../arrays.ts';
import { parts } from '../document.ts';
import { contained, type Item, type Itemset, nameOf, readItems, readItemsets } from '../itemsets.ts';
import { readMiningSchema } from '../miningSchema.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Holding, type Rule, Rules } from '../rules.ts';
import { logicalOf } from '../types.ts';

/** How one set follows the one before: in the same transaction, in the next one, or in any later one. */
type Link = 'same' | 'next' | 'later';

interface Sequence {
  readonly sets: readonly Itemset[];
  /** Before each set but the first. */
  readonly links: readonly Link[];
}

/** Times between; null where nothing is asked. */
type Between = readonly [least: number, most: number] | null;

interface Constraints {
  readonly total: Between;
  readonly separation: Between;
  readonly rule: Between;
}

interface Read {
  readonly rule: Rule;
  readonly from: Sequence;
  readonly link: Link;
  readonly to: Sequence;
}

/** Sets of all rules beyond this are refused: each is a few nodes. */
const mostSets = 20_000;

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag } = m;
  const { doc } = world;
  let schema: Element | undefined;
  let constraints: Element | undefined;
  const found = new Map<string, Element[]>(
    ['Item', 'Itemset', 'SetPredicate', 'Sequence', 'SequenceRule'].map((name) => [name, []]),
  );
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    const list = found.get(child.name);
    if (child.name === 'MiningSchema') {
      // What is let in depends on the items, which stand behind it.
      schema = cursor.element(child);
      m.fields = readMiningSchema(doc, schema);
    } else if (child.name === 'Constraints') constraints = cursor.element(child);
    else if (list) list.push(cursor.element(child));
    else if (!m.part(cursor, child)) doc.refuse(child);
  }
  if (!schema) return doc.fail(tag, 'pmml/missing-element', 'a SequenceModel needs a MiningSchema');
  const of = (name: string): readonly Element[] => found.get(name) as Element[];
  const fields = fieldsOf(m, schema);
  m.admit(schema, new Set(Object.values(fields).filter((f) => f !== null)));
  const items = readItems(world, of('Item'));
  const sets = readItemsets(world, of('Itemset'), items);
  for (const e of of('SetPredicate')) predicateSet(m, e, fields.item, items, sets);
  const sequences = new Map<string, Sequence>();
  for (const e of of('Sequence')) {
    const id = doc.need(e, 'id');
    if (sequences.has(id)) doc.fail(e, 'pmml/duplicate-name', `the sequence '${id}' is defined twice`);
    sequences.set(id, readSequence(m, e, sets));
  }
  const rules = of('SequenceRule').map((e) => readRule(m, e, sequences, items));
  const size = rules.reduce((n, r) => n + r.from.sets.length + r.to.sets.length, 0);
  if (size > mostSets) doc.fail(tag, 'pmml/too-large', `rules of ${size} sets are too many`);
  const limits = readConstraints(m, constraints);
  return done(m, () => {
    const occurring = new Occurrences(m, items, rules, fields, limits);
    const ranked = new Rules(
      m,
      rules.map((r) => r.rule),
      () => occurring.holding(),
    );
    return m.result(ranked.prediction());
  });
};

interface Fields {
  readonly item: string;
  readonly group: string;
  readonly order: string | null;
}

const fieldsOf = (m: Model, schema: Element): Fields => {
  const { doc } = m.world;
  const named = (usage: string) =>
    parts(schema).filter((f) => (doc.text(f, 'usageType') ?? 'active') === usage);
  const one = (usage: string): string => {
    const [first, second] = named(usage);
    if (second) doc.refuse(second, `more than one field with usageType="${usage}" is not supported`);
    return first
      ? doc.need(first, 'name')
      : doc.fail(schema, 'pmml/missing-element', `a SequenceModel needs a field with usageType="${usage}"`);
  };
  return { item: one('active'), group: one('group'), order: named('order').length > 0 ? one('order') : null };
};

/** A set written as the values that a transaction must have. */
const predicateSet = (
  m: Model,
  e: Element,
  field: string,
  items: Map<string, Item>,
  sets: Map<string, Itemset>,
): void => {
  const { doc } = m.world;
  const id = doc.need(e, 'id');
  if (sets.has(id)) doc.fail(e, 'pmml/duplicate-name', `the set '${id}' is defined twice`);
  doc.choice(e, 'operator', ['supersetOf'], 'supersetOf');
  if (doc.need(e, 'field') !== field) doc.refuse(e, `a set over another field than '${field}'`);
  const array = doc.child(e, 'Array') ?? doc.fail(e, 'pmml/missing-element', 'it holds no Array');
  const ids = arrayValues(doc, array).map((value) => {
    const known = [...items].find(([, item]) => item.value === value)?.[0];
    if (known !== undefined) return known;
    // No Item is needed for a value; an id that no document can hold keeps it apart from theirs.
    const made = `\u0000${value}`;
    items.set(made, { tag: e, value, name: value });
    return made;
  });
  sets.set(id, { tag: e, items: [...new Set(ids)], support: undefined });
};

const linkOf = (m: Model, e: Element): Link => {
  const { doc } = m.world;
  doc.need(e, 'delimiter');
  doc.need(e, 'gap');
  const delimiter = doc.choice(e, 'delimiter', ['sameTimeWindow', 'acrossTimeWindows'], 'acrossTimeWindows');
  const gap = doc.choice(e, 'gap', ['true', 'false', 'unknown'], 'unknown');
  if (delimiter === 'sameTimeWindow') return 'same';
  return gap === 'false' ? 'next' : 'later';
};

const readSequence = (m: Model, e: Element, known: ReadonlyMap<string, Itemset>): Sequence => {
  const { doc } = m.world;
  const sets: Itemset[] = [];
  const links: Link[] = [];
  for (const part of parts(e)) {
    if (part.name === 'Delimiter') links.push(linkOf(m, part));
    else if (part.name === 'SetReference') {
      const id = doc.need(part, 'setId');
      const set = known.get(id) ?? doc.fail(part, 'pmml/unknown-itemset', `there is no set with id "${id}"`);
      if (set.items.length === 0) doc.refuse(part, 'a set without items is in no transaction or in all');
      sets.push(set);
      // What is written of times (Time) are statistics of the training data.
    } else if (part.name !== 'Time') doc.refuse(part);
  }
  if (sets.length === 0 || links.length !== sets.length - 1) {
    doc.fail(e, 'pmml/missing-element', 'a Sequence is sets with one Delimiter between each two');
  }
  return { sets, links };
};

const readRule = (
  m: Model,
  e: Element,
  sequences: ReadonlyMap<string, Sequence>,
  items: ReadonlyMap<string, Item>,
): Read => {
  const { doc } = m.world;
  const side = (name: string): Sequence => {
    const owner = doc.child(e, name);
    const reference = owner && doc.child(owner, 'SequenceReference');
    if (!reference) return doc.fail(e, 'pmml/missing-element', `it needs a ${name} with a SequenceReference`);
    const id = doc.need(reference, 'seqId');
    return (
      sequences.get(id) ??
      doc.fail(reference, 'pmml/unknown-sequence', `there is no Sequence with id "${id}"`)
    );
  };
  const [from, to] = [side('AntecedentSequence'), side('ConsequentSequence')];
  const delimiter = doc.child(e, 'Delimiter');
  if (!delimiter) return doc.fail(e, 'pmml/missing-element', 'it needs a Delimiter');
  const text = (s: Sequence) => s.sets.map((set) => nameOf(set, items)).join(' > ');
  return {
    rule: {
      id: doc.need(e, 'id'),
      tag: e,
      antecedent: text(from),
      consequent: text(to),
      measures: {
        support: doc.needNumber(e, 'support'),
        confidence: doc.needNumber(e, 'confidence'),
        lift: doc.number(e, 'lift'),
        leverage: undefined,
        affinity: undefined,
      },
    },
    from,
    link: linkOf(m, delimiter),
    to,
  };
};

const readConstraints = (m: Model, e: Element | undefined): Constraints => {
  const { doc } = m.world;
  const between = (name: string): Between => {
    const least = (e && doc.number(e, `minimum${name}`)) ?? 0;
    const most = (e && doc.number(e, `maximum${name}`)) ?? Infinity;
    return least <= 0 && most === Infinity ? null : [least, most];
  };
  return {
    total: between('TotalSequenceTime'),
    separation: between('ItemsetSeparationTime'),
    rule: between('AntConsSeparationTime'),
  };
};

/** Where sequences occur. Transaction t of a row is in the order of time; behind the last one there are no items. */
class Occurrences {
  private readonly m: Model;
  private readonly rules: readonly Read[];
  private readonly limits: Constraints;
  private readonly number: ReadonlyMap<Itemset, number>;
  /** bool [N, T, S]: is set s in transaction t? */
  private readonly sets: Value;
  /** int64 [T]. */
  private readonly places: Value;
  /** float64 [N, T]; null: places are times. */
  private readonly times: Value | null;
  private readonly known = new Map<string, Value>();

  constructor(
    m: Model,
    items: ReadonlyMap<string, Item>,
    rules: readonly Read[],
    fields: Fields,
    limits: Constraints,
  ) {
    const { world } = m;
    const { b } = world.a;
    this.m = m;
    this.rules = rules;
    this.limits = limits;
    const timed = logicalOf(world.fields.get(fields.order ?? '')?.dataType ?? 'double');
    const basket = { by: fields.group, along: fields.order, ...(timed !== undefined && { timed }) };
    const values = [...items.values()].map((i) => i.value);
    const again = [...items.values()].find((i, k) => values.indexOf(i.value) < k);
    if (again) world.doc.fail(again.tag, 'pmml/duplicate-name', `two items have the value "${again.value}"`);
    const planes = world.special(fields.item, tensorType('bool', ['N', 'T', values.length]), (value) => [
      {
        name: fields.item,
        role: 'input',
        value,
        optype: 'categorical',
        categories: values,
        basket: { ...basket, from: fields.item },
      },
    ]);
    const measured = limits.total !== null || limits.separation !== null || limits.rule !== null;
    const { order } = fields;
    this.times =
      measured && order !== null
        ? world.special(order, tensorType('float64', ['N', 'T']), (value) => [
            {
              name: order,
              role: 'input',
              value,
              optype: 'continuous',
              ...(timed !== undefined && { logical: timed }),
              basket: { ...basket, from: order },
            },
          ])
        : null;
    const sets = [...new Set(rules.flatMap((r) => [...r.from.sets, ...r.to.sets]))];
    this.number = new Map(sets.map((s, i) => [s, i]));
    this.sets = contained(m, planes, items, sets);
    const scalar = (n: number) => b.constant(constant('int64', [n], []));
    const length = b.op('Gather', [b.op('Shape', [planes]), scalar(1)]);
    this.places = b.op('Range', [scalar(0), length, scalar(1)]);
  }

  holding(): Holding {
    const { b } = this.m.world.a;
    const axis = { axis: attr.int(1) };
    const pairs = this.rules.map(({ from, link, to }) => {
      const first = this.along(this.start(from.sets[0] as Itemset), from);
      const across = this.follow(
        first,
        to.sets[0] as Itemset,
        link,
        this.limits.rule ?? this.limits.separation,
      );
      return [this.occurs(first), this.occurs(this.along(across, to))] as const;
    });
    const joined = (side: 0 | 1): Value => {
      const columns = pairs.map((p) => p[side]);
      return columns.length === 1 ? (columns[0] as Value) : b.op('Concat', columns, axis);
    };
    return { antecedent: joined(0), consequent: joined(1) };
  }

  /** The rest of a sequence, from where its first set is. */
  private along(first: Value, { sets, links }: Sequence): Value {
    return links.reduce(
      (reached, link, i) => this.follow(reached, sets[i + 1] as Itemset, link, this.limits.separation),
      first,
    );
  }

  /** bool [N, 1, T]: is the set in transaction t? */
  private presence(set: Itemset): Value {
    const { b } = this.m.world.a;
    const n = this.number.get(set) as number;
    return this.once(`set ${n}`, () => {
      const of = b.op('Gather', [this.sets, b.constant(constant('int64', [n], []))], { axis: attr.int(2) });
      return this.unsqueezed(of, 1);
    });
  }

  /** bool [N, S, T]: did a sequence that begins at s reach t? Beginnings are told apart only where the total time counts. */
  private start(set: Itemset): Value {
    const { b } = this.m.world.a;
    const here = this.presence(set);
    return this.limits.total === null ? here : b.op('And', [here, this.linked('same', null)]);
  }

  /** One set more. */
  private follow(reached: Value, set: Itemset, link: Link, between: Between): Value {
    const { a } = this.m.world;
    const { b } = a;
    const float = (v: Value) => b.op('Cast', [v], { to: attr.int(1) });
    const here = this.presence(set);
    if (link === 'same') return b.op('And', [reached, here]);
    const ways = b.op('MatMul', [float(reached), float(this.linked(link, between))]);
    const zero = b.constant(constant('float32', [0], []));
    return b.op('And', [b.op('Greater', [ways, zero]), here]);
  }

  /** bool [T, T], with times [N, T, T]: does u follow t in this way? */
  private linked(link: Link, between: Between): Value {
    const { b } = this.m.world.a;
    return this.once(`${link} ${between}`, () => {
      const from = this.unsqueezed(this.places, 1);
      const to = this.unsqueezed(this.places, 0);
      const one = b.constant(constant('int64', [1], []));
      const order =
        link === 'same'
          ? b.op('Equal', [to, from])
          : link === 'next'
            ? b.op('Equal', [to, b.op('Add', [from, one])])
            : b.op('Greater', [to, from]);
      return between === null ? order : b.op('And', [order, this.within(between)]);
    });
  }

  /** bool [N, T, T], without times [T, T]: is the time from t to u of this length? */
  private within([least, most]: readonly [number, number]): Value {
    const { b } = this.m.world.a;
    return this.once(`${least} to ${most}`, () => {
      const times = this.times ?? b.op('Cast', [this.places], { to: attr.int(11) });
      const last = this.times ? 2 : 1;
      const passed = b.op('Sub', [this.unsqueezed(times, last - 1), this.unsqueezed(times, last)]);
      const limit = (x: number) => b.constant(constant('float64', [x], []));
      const long = b.op('GreaterOrEqual', [passed, limit(least)]);
      return most === Infinity ? long : b.op('And', [long, b.op('LessOrEqual', [passed, limit(most)])]);
    });
  }

  /** bool [N, 1]: anywhere. */
  private occurs(reached: Value): Value {
    const { b } = this.m.world.a;
    const { total } = this.limits;
    const allowed = total === null ? reached : b.op('And', [reached, this.within(total)]);
    const ones = b.op('Cast', [allowed], { to: attr.int(6) });
    const axes = b.constant(constant('int64', [2], [1]));
    const ends = b.op('ReduceMax', [ones, axes], { keepdims: attr.int(0) });
    const any = b.op('ReduceMax', [ends, b.constant(constant('int64', [1], [1]))]);
    return b.op('Cast', [any], { to: attr.int(9) });
  }

  private unsqueezed(v: Value, axis: number): Value {
    const { b } = this.m.world.a;
    return b.op('Unsqueeze', [v, b.constant(constant('int64', [axis], [1]))]);
  }

  private once(key: string, make: () => Value): Value {
    const known = this.known.get(key) ?? make();
    this.known.set(key, known);
    return known;
  }
}

export const sequenceModel: ModelElement = {
  name: 'SequenceModel',
  functions: ['sequences'],
  groups: true,
  read,
};
