/** Association rules over baskets. PMML 4.4.1, Association Rules. */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { parts } from '../document.ts';
import {
  contained,
  type Item,
  type Itemset,
  itemPlanes,
  nameOf,
  readItems,
  readItemsets,
  type Transactions,
} from '../itemsets.ts';
import { readMiningSchema } from '../miningSchema.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Holding, type Rule, Rules } from '../rules.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag } = m;
  const { doc } = world;
  let schema: Element | undefined;
  const [itemTags, setTags, ruleTags]: [Element[], Element[], Element[]] = [[], [], []];
  const found = new Map([
    ['Item', itemTags],
    ['Itemset', setTags],
    ['AssociationRule', ruleTags],
  ]);
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    const list = found.get(child.name);
    if (child.name === 'MiningSchema') {
      // What is let in depends on the items, which stand behind it.
      schema = cursor.element(child);
      m.fields = readMiningSchema(doc, schema);
    } else if (list) list.push(cursor.element(child));
    else if (!m.part(cursor, child)) doc.refuse(child);
  }
  if (!schema) return doc.fail(tag, 'pmml/missing-element', 'an AssociationModel needs a MiningSchema');
  const from = transactionsOf(m, schema, itemTags);
  m.admit(schema, new Set(from ? [from.field, from.by ?? from.field] : []));
  const items = readItems(world, itemTags);
  const sets = readItemsets(world, setTags, items);
  const read = ruleTags.map((e, i) => readRule(m, e, i, sets, items));
  for (const [name, list] of [
    ['numberOfItems', itemTags],
    ['numberOfItemsets', setTags],
    ['numberOfRules', ruleTags],
  ] as const) {
    const said = doc.number(tag, name);
    if (said !== undefined && said !== list.length) {
      doc.warn(tag, 'pmml/count', `it says ${name}="${said}" and holds ${list.length}; what it holds counts`);
    }
  }
  const rules = read.map(({ rule }) => rule);
  const planes = itemPlanes(m, items, from);
  return done(m, () => m.result(new Rules(m, rules, () => holding(m, read, items, planes)).prediction()));
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

interface Read {
  readonly rule: Rule;
  readonly from: Itemset;
  readonly to: Itemset;
}

const readRule = (
  m: Model,
  e: Element,
  at: number,
  sets: ReadonlyMap<string, Itemset>,
  items: ReadonlyMap<string, Item>,
): Read => {
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
  const rule: Rule = {
    id: doc.text(e, 'id') ?? String(at + 1),
    tag: e,
    antecedent: nameOf(antecedent, items),
    consequent: nameOf(consequent, items),
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
  return { rule, from: antecedent, to: consequent };
};

/** Is all of a rule's antecedent, or of its consequent, in the basket? */
const holding = (
  m: Model,
  rules: readonly Read[],
  items: ReadonlyMap<string, Item>,
  planes: Value,
): Holding => {
  const { a } = m.world;
  const sets = [...new Set(rules.flatMap(({ from, to }) => [from, to]))];
  const number = new Map(sets.map((s, i) => [s, i]));
  const inBasket = contained(m, planes, items, sets);
  const of = (side: 'from' | 'to'): Value => {
    const index = constant(
      'int64',
      rules.map((r) => number.get(r[side]) as number),
    );
    return a.b.op('Gather', [inBasket, a.table(index, 'sets')], { axis: attr.int(1) });
  };
  return { antecedent: of('from'), consequent: of('to') };
};

export const associationModel: ModelElement = {
  name: 'AssociationModel',
  functions: ['associationRules'],
  groups: true,
  read,
};
