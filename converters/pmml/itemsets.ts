/** Items and itemsets, which association and sequence models share, and the columns that say which items a row has. */
import { attr } from '../../src/ir/attributes.ts';
import { tensorType, type Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { dtypeOf } from './algebra.ts';
import { parts } from './document.ts';
import type { Model } from './model.ts';
import type { Variable, World } from './scope.ts';
import { literal } from './types.ts';

export interface Item {
  readonly tag: Element;
  readonly value: string;
  /** What a person calls it: `mappedValue` where there is one. */
  readonly name: string;
}

/** By id; twice the same id is refused. */
export const readItems = (world: World, elements: readonly Element[]): Map<string, Item> => {
  const { doc } = world;
  const items = new Map<string, Item>();
  for (const tag of elements) {
    const id = doc.need(tag, 'id');
    if (items.has(id)) doc.fail(tag, 'pmml/duplicate-name', `the item '${id}' is defined twice`);
    const value = doc.need(tag, 'value');
    items.set(id, { tag, value, name: doc.text(tag, 'mappedValue') ?? value });
  }
  return items;
};

export interface Itemset {
  readonly tag: Element;
  /** Ids of items, each once, in the order of the document. */
  readonly items: readonly string[];
  readonly support: number | undefined;
}

export const readItemsets = (
  world: World,
  elements: readonly Element[],
  items: ReadonlyMap<string, Item>,
): Map<string, Itemset> => {
  const { doc } = world;
  const sets = new Map<string, Itemset>();
  for (const tag of elements) {
    const id = doc.need(tag, 'id');
    if (sets.has(id)) doc.fail(tag, 'pmml/duplicate-name', `the itemset '${id}' is defined twice`);
    const refs = parts(tag).map((ref) => {
      if (ref.name !== 'ItemRef') doc.refuse(ref);
      const item = doc.need(ref, 'itemRef');
      if (!items.has(item)) doc.fail(ref, 'pmml/unknown-item', `there is no Item with id "${item}"`);
      return item;
    });
    const said = doc.number(tag, 'numberOfItems');
    if (said !== undefined && said !== refs.length) {
      doc.warn(
        tag,
        'pmml/count',
        `it says numberOfItems="${said}" and holds ${refs.length}; what it holds counts`,
      );
    }
    sets.set(id, { tag, items: [...new Set(refs)], support: doc.number(tag, 'support') });
  }
  return sets;
};

/** `{Cracker , Water}`; a single item by its bare name. */
export const nameOf = (set: Itemset, items: ReadonlyMap<string, Item>): string => {
  const names = set.items.map((id) => (items.get(id) as Item).name);
  return names.length === 1 ? (names[0] as string) : `{${names.join(' , ')}}`;
};

/** The field whose values are items, one a row of a group or a list of them, and the field that groups. */
export interface Transactions {
  readonly field: string;
  readonly by: string | null;
}

/**
 * Which items each row has: bool [N, K], items in order. Items of the transactions' field are one input of the graph, a
 * column each; others are true where their field has their category (`field`, `category`), or is true.
 */
export const itemPlanes = (m: Model, items: ReadonlyMap<string, Item>, from: Transactions | null): Value => {
  const { world } = m;
  const { a, doc } = world;
  const list = [...items.values()];
  const other = list.map((item) => fieldOf(m, item, from));
  const basket = list.filter((_, i) => other[i] === null);
  if (basket.length > 0 && from === null) {
    const [{ tag }] = basket as [Item];
    doc.fail(
      tag,
      'pmml/unknown-field',
      'it is not said which field it is a value of, and several are active',
      'give the Item the attributes field and category',
    );
  }
  let planes: Value | null = null;
  if (basket.length > 0 && from !== null) {
    const values = [...new Set(basket.map((i) => i.value))];
    const input = world.special(from.field, tensorType('bool', ['N', values.length]), (value) =>
      values.map((item, column) => ({
        name: `${from.field}=${item}`,
        role: 'input',
        value,
        column,
        optype: 'categorical',
        basket: { from: from.field, by: from.by, item },
      })),
    );
    if (basket.length === list.length && values.length === list.length) return input;
    planes = input;
    const at = (item: Item) => values.indexOf(item.value);
    return a.join(
      list.map((item, i) => present(m, item, other[i] ?? null) ?? a.column(planes as Value, at(item))),
    ).data;
  }
  return a.join(list.map((item, i) => present(m, item, other[i] ?? null) as Value)).data;
};

/** The field that an item is a category of; null: it is an item of the transactions. */
const fieldOf = (m: Model, { tag, value }: Item, from: Transactions | null): Variable | null => {
  const { doc } = m.world;
  const named = doc.text(tag, 'field');
  if (named !== undefined) return named === from?.field ? null : m.scope.read(named, tag);
  if (from !== null) return null;
  // Tables of true and false: the item is called as its field.
  const flag = m.fields.some((f) => f.name === value && f.usage === 'active');
  return flag ? m.scope.read(value, tag) : null;
};

/** Is the field at the item's category? Without a category it is a flag, and must be true. */
const present = (m: Model, { tag, value }: Item, field: Variable | null): Value | null => {
  if (field === null) return null;
  const { a, doc } = m.world;
  const category = doc.text(tag, 'category');
  const flag = category === undefined && (value === doc.text(tag, 'field') || field.dataType !== 'string');
  if (dtypeOf(field.value) === 'bool') {
    const truth = a.isTrue(field.value);
    return category === undefined || category === 'true' ? truth : a.not(truth);
  }
  const text = category ?? (flag ? 'true' : value);
  const wanted = literal(doc, tag, field.dataType === 'string' || !flag ? text : '1', field.dataType);
  return a.isTrue(a.compare('Equal', field.value, a.like(field.value, wanted)));
};

/** Itemsets times items beyond this are refused: they would be one dense table. */
const most = 2 ** 26;

/**
 * Which sets are all among the items of planes `[…, K]`: bool `[…, S]`. How many items of a set are there is a product with
 * its 0/1 column: whole numbers, exact in any order.
 */
export const contained = (
  m: Model,
  planes: Value,
  items: ReadonlyMap<string, Item>,
  sets: readonly Itemset[],
): Value => {
  const { a, doc } = m.world;
  const column = new Map([...items.keys()].map((id, i) => [id, i]));
  const width = column.size;
  if (width * sets.length > most) {
    doc.fail(m.tag, 'pmml/too-large', `${width} items in ${sets.length} itemsets are too many`);
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
};
