/**
 * Models over transactions: the specification's examples with what two engines assert of them, Rattle's rules over its own
 * transactions against a plain search, rows in groups, and what is refused.
 */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { score, tableFrom } from '../../../src/api/score.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { type Diagnostic, PortolanError } from '../../../src/ir/diagnostic.ts';
import type { Model } from '../../../src/ir/model.ts';
import { bind } from '../../../src/rows/bind.ts';
import { type Cell, tableOf } from '../../../src/rows/table.ts';
import { unbind } from '../../../src/rows/unbind.ts';
import { corpora, readFile, readText } from './corpus.ts';

const examples = `${corpora}/pmml-spec-examples`;

interface Case {
  readonly model: string;
  readonly inputs: Readonly<Record<string, Cell>>;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly doubtful?: boolean;
}

const results = (model: Model, columns: Readonly<Record<string, readonly Cell[]>>) =>
  unbind(evaluator(model).run(bind(tableOf(Object.entries(columns)), model.fields)), model.fields).columns;

const failure = (run: () => unknown): Diagnostic => {
  try {
    run();
  } catch (error) {
    if (error instanceof PortolanError) return error.diagnostic;
    throw error;
  }
  throw new Error('nothing was refused');
};

const cases = existsSync(examples)
  ? (JSON.parse(readFile(`${examples}/cases.json`)) as Case[])
      .map((c) => ({ c, text: readFile(`${examples}/models/${c.model}`) }))
      .filter(({ text }) => text.includes('<AssociationModel'))
  : [];

describe.skipIf(cases.length === 0)('association rules of the specification’s examples', () => {
  it('are as many as they were', () => {
    expect(cases.length).toBe(25);
    // Doubtful is only how a set of several items is spelled, which the specification leaves open: these agree as well.
    expect(cases.filter(({ c }) => c.doubtful).length).toBe(5);
  });

  it.each(cases.map(({ c, text }, i) => [`${i} ${c.model}`, c, text] as const))('%s', (_, c, text) => {
    const { model } = readText(text, c.model);
    const columns = results(
      model,
      Object.fromEntries(Object.entries(c.inputs).map(([name, cell]) => [name, [cell]])),
    );
    const got = Object.fromEntries(Object.keys(c.expected).map((name) => [name, columns.get(name)?.[0]]));
    expect(got).toEqual(c.expected);
  });
});

const shopping = `${corpora}/pmml-real-tools/rattle`;

describe.skipIf(!existsSync(shopping))('Rattle’s rules over its transactions', () => {
  it('are those that a plain search finds, in every basket', async () => {
    const text = readFile(`${shopping}/pmml/AssociationRulesShopping.pmml`);
    const { model } = readText(text, 'shopping.pmml');
    const data = tableFrom(`${shopping}/csv/Shopping.csv`);
    const { results } = await score(model, data);
    const attributes = (tag: string) =>
      [...text.matchAll(new RegExp(`<${tag} ([^>]*?)/?>`, 'g'))].map(([, inside]) =>
        Object.fromEntries([...(inside ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v])),
      );
    const value = new Map(attributes('Item').map((i) => [i.id, i.value]));
    const sets = new Map(
      [...text.matchAll(/<Itemset id="(\d+)"[^>]*>(.*?)<\/Itemset>/gs)].map(([, id, inside]) => [
        id,
        [...(inside ?? '').matchAll(/itemRef="(\d+)"/g)].map(([, ref]) => value.get(ref as string)),
      ]),
    );
    const rules = attributes('AssociationRule')
      .map((r, i) => ({ ...r, id: String(i + 1) }) as Record<string, string>)
      .sort((x, y) => Number(y.lift) - Number(x.lift));
    expect(rules.length).toBe(128);
    const baskets = new Map<Cell, Set<Cell>>();
    data.columns.get('Transaction')?.forEach((t, i) => {
      const items = baskets.get(t) ?? new Set();
      items.add(data.columns.get('Product')?.[i] as Cell);
      baskets.set(t, items);
    });
    expect(results.rows).toBe(baskets.size);
    expect(results.columns.get('Transaction')).toEqual([...baskets.keys()]);
    const has = (basket: Set<Cell>, set: string | undefined) =>
      (sets.get(set as string) ?? []).every((item) => basket.has(item as string));
    const found = [...baskets.values()].map((b) => {
      const fired = rules.filter((r) => has(b, r.antecedent));
      const ids = (list: typeof rules) => list.map((r) => r.id);
      return [
        ids(fired),
        ids(fired.filter((r) => !has(b, r.consequent))),
        ids(fired.filter((r) => has(b, r.consequent))),
      ];
    });
    expect(found.flat(2).length).toBeGreaterThan(1000);
    ['Recommendation', 'Exclusive_Recommendation', 'Rule_Association'].forEach((name, k) => {
      expect(results.columns.get(name)).toEqual(found.map((f) => f[k]));
    });
  });
});

const fixture = (name: string): string => readFile(`fixtures/pmml/spec/${name}/model.pmml`);
const read = (text: string) => readText(text).model;

describe('rows in groups', () => {
  const model = read(fixture('association-transactions'));

  it('are the same as a list of items a row, and as columns of true and false', () => {
    const lists = results(model, { product: [['tea', 'milk'], [], null, 'tea'] });
    const flags = results(model, {
      'product=tea': ['true', '0', false, 1],
      'product=milk': [true, 'false', 0, '0'],
      'product=4006381333931': [0, 0, 0, 0],
    });
    expect(lists.get('all')).toEqual([['b', 'a', 'c', 'd'], [], [], ['a', 'c', 'd']]);
    expect(flags).toEqual(lists);
    // A number in JSON is the item that is spelled so.
    expect(results(model, { product: [['tea', 4006381333931]] }).get('both')).toEqual([['c']]);
  });

  it('name what is missing', () => {
    const rows = (columns: Record<string, Cell[]>) => failure(() => results(model, columns));
    expect(rows({ product: ['tea', 'milk'] })).toMatchObject({ rule: 'rows/missing-column' });
    expect(rows({ product: ['tea', 'milk'] }).message).toMatch(/'customer'/);
    expect(rows({ customer: ['a'] }).message).toMatch(/'product'/);
    const gap = rows({ customer: ['a', null], product: ['tea', 'milk'] });
    expect(gap).toMatchObject({ rule: 'rows/missing-group', at: { at: "line 3, column 'customer'" } });
  });

  it('orders a sequence by its own times alone', () => {
    const sequences = read(fixture('sequence-order'));
    const gone = failure(() =>
      results(sequences, { who: ['x', 'x'], thing: ['ring', 'cup'], day: ['1970-01-01', 'soon'] }),
    );
    expect(gone).toMatchObject({ rule: 'rows/order', at: { at: "line 3, column 'day'" } });
    const nested = results(sequences, {
      thing: [[['ring'], ['saw'], ['cup']], [['ring', 'cup']]],
      day: [[3, 5, 9], [2]],
    });
    expect(nested.get('done')).toEqual([['a'], ['e']]);
  });

  it('are as many as there are, beyond a block of the evaluator', () => {
    const lag = read(fixture('lag'));
    const n = 5000;
    const x = Array.from({ length: n }, (_, i) => i);
    const out = results(lag, { x, who: x.map(() => 'a'), word: x.map(String) });
    expect(out.get('two')).toEqual([null, null, ...x.slice(0, n - 2)]);
    expect(out.get('text')?.at(-1)).toBe(String(n - 2));
    const aggregate = read(fixture('aggregate-group'));
    const sums = results(aggregate, { x, who: x.map((i) => String(i % 3)) });
    const want = [0, 1, 2].map((r) => x.filter((i) => i % 3 === r).reduce((s, i) => s + i, 0));
    expect(sums.get('sum')).toEqual(x.map((i) => want[i % 3]));
  });
});

describe('what is refused', () => {
  const changed = (name: string, from: string | RegExp, to: string) => () => {
    const text = fixture(name);
    const other = text.replace(from, to);
    expect(other).not.toBe(text);
    return read(other);
  };

  it.each([
    ['association-transactions', 'itemRef="2"', 'itemRef="9"', 'pmml/unknown-item'],
    ['association-transactions', 'antecedent="t"', 'antecedent="x"', 'pmml/unknown-itemset'],
    ['association-transactions', 'rank="2" isM', 'rank="-1" isM', 'pmml/attribute-value'],
    ['association-transactions', '<Item id="2"', '<Item id="1"', 'pmml/duplicate-name'],
    ['association-transactions', '<Item id="1" value="tea"/>', '<constructor/>', 'pmml/not-supported'],
    ['sequence-order', 'setId="rc"', 'setId="x"', 'pmml/unknown-itemset'],
    ['sequence-order', 'seqId="r"', 'seqId="x"', 'pmml/unknown-sequence'],
    ['sequence-order', 'gap="false"', 'gap="perhaps"', 'pmml/attribute-value'],
    ['series-arima', '<Residuals><Array n="1" type="real">1</Array></Residuals>', '', 'pmml/no-series'],
    ['series-arima', 'p="1"', 'p="2"', 'pmml/array'],
    ['series-arima', 'd="1"', 'd="1e9"', 'pmml/attribute-value'],
    ['series-trend-additive', 'trend="additive"', 'trend="polynomial_exponential"', 'pmml/not-supported'],
    ['series-level', 'bestFit="ExponentialSmoothing"', 'bestFit="SpectralAnalysis"', 'pmml/missing-element'],
    ['series-season-additive', 'period="4"', 'period="5"', 'pmml/array'],
    ['lag', 'n="2"', 'n="0"', 'pmml/attribute-value'],
    ['lag-aggregate', 'aggregate="avg"', 'aggregate="stddev"', 'pmml/not-supported'],
    ['aggregate-group', 'function="count"', 'function="multiset"', 'pmml/not-supported'],
    ['aggregate-group', 'function="count"', 'function="count" sqlWhere="x > 1"', 'pmml/not-supported'],
  ])('%s with %s turned into %s: %s', (name, from, to, rule) => {
    const error = failure(changed(name, from, to));
    expect(error.rule).toBe(rule);
    expect(error.at?.at).toMatch(/^\d+$/);
  });
});
