/**
 * Is the design of missing values sound? Two published trees, one with compound predicates, one with surrogates and default
 * children, put into the predicate and tree tables by hand, against a reader's understanding of PMML 4.4.1 (TreeModel,
 * missingValueStrategy) that walks the XML itself and knows no tables: every field missing, unseen and on both sides of
 * every threshold.
 */
import { existsSync, readFileSync } from 'node:fs';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { OWN, tensorType } from '../../src/ir/model.ts';
import { PredicateTable } from '../../src/ir/predicates.ts';
import { TreeTable } from '../../src/ir/trees.ts';
import { operators } from '../../src/ops/registry.ts';
import { constant } from '../../src/tensor/data.ts';
import { neighbours } from '../../src/tensor/float.ts';
import { columnOf, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const corpora = new URL('../../../shared/corpora/', import.meta.url);
const files = {
  golfing: 'pmml-spec-examples/models/pmml4s-dmg_tree_normal.xml',
  audit: 'pmml-real-tools/rattle/pmml/DecisionTreeAudit.pmml',
};
const present = Object.values(files).every((f) => existsSync(new URL(f, corpora)));

interface Element {
  readonly tag: string;
  readonly is: Readonly<Record<string, string>>;
  readonly inside: Element[];
  text: string;
}

const parse = (file: string): Element => {
  const root: Element = { tag: '', is: {}, inside: [], text: '' };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    const e: Element = { tag: name, is: attributes as Record<string, string>, inside: [], text: '' };
    open.at(-1)?.inside.push(e);
    open.push(e);
  });
  parser.on('text', (t) => {
    (open.at(-1) as Element).text += t;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(readFileSync(new URL(file, corpora), 'utf8')).close();
  return root;
};

const all = (e: Element, tag: string): Element[] => [
  ...(e.tag === tag ? [e] : []),
  ...e.inside.flatMap((i) => all(i, tag)),
];

const items = (array: string): string[] => [...array.matchAll(/"([^"]*)"/g)].map((m) => m[1] as string);

const predicates = new Set(['True', 'False', 'SimplePredicate', 'SimpleSetPredicate', 'CompoundPredicate']);
const predicateOf = (node: Element): Element => node.inside.find((e) => predicates.has(e.tag)) as Element;
const childrenOf = (node: Element): Element[] => node.inside.filter((e) => e.tag === 'Node');

type Cell = number | string | null;
type Row = ReadonlyMap<string, Cell>;
type Strategy = 'none' | 'lastPrediction' | 'nullPrediction' | 'defaultChild';

// The reader's understanding -------------------------------------------------------------------------------------

/** undefined is UNKNOWN. */
type Truth = boolean | undefined;

const negation = (t: Truth): Truth => (t === undefined ? undefined : !t);

const truthOf = (p: Element, row: Row): Truth => {
  const field = row.get(p.is.field ?? '') ?? null;
  const value = typeof field === 'number' ? Number(p.is.value) : p.is.value;
  const parts = () => p.inside.filter((e) => predicates.has(e.tag)).map((e) => truthOf(e, row));
  switch (p.is.operator ?? p.is.booleanOperator ?? p.tag) {
    case 'True':
      return true;
    case 'False':
      return false;
    case 'isMissing':
      return field === null;
    case 'isNotMissing':
      return field !== null;
    case 'and':
      return parts().reduce((a, b) => (a === false || b === false ? false : a === undefined ? a : b));
    case 'or':
      return negation(
        parts()
          .map(negation)
          .reduce((a, b) => (a === false || b === false ? false : a === undefined ? a : b)),
      );
    case 'xor':
      return parts().reduce((a, b) => (a === undefined || b === undefined ? undefined : a !== b));
    case 'surrogate':
      return parts().find((t) => t !== undefined);
  }
  if (field === null) return undefined;
  switch (p.is.operator ?? p.is.booleanOperator) {
    case 'isIn':
      return items(p.inside[0]?.text ?? '').includes(String(field));
    case 'isNotIn':
      return !items(p.inside[0]?.text ?? '').includes(String(field));
    case 'equal':
      return field === value;
    case 'notEqual':
      return field !== value;
    case 'lessThan':
      return Number(field) < Number(value);
    case 'lessOrEqual':
      return Number(field) <= Number(value);
    case 'greaterThan':
      return Number(field) > Number(value);
    case 'greaterOrEqual':
      return Number(field) >= Number(value);
  }
  throw new Error(`what is ${p.tag}?`);
};

interface Arrival {
  /** null: no prediction. */
  readonly at: Element | null;
  readonly unknowns: number;
}

const walk = (node: Element, row: Row, strategy: Strategy): Arrival => {
  const children = childrenOf(node);
  if (children.length === 0) return { at: node, unknowns: 0 };
  let unknowns = 0;
  for (const child of children) {
    const t = truthOf(predicateOf(child), row);
    if (t === undefined) {
      unknowns++;
      if (strategy === 'lastPrediction') return { at: node, unknowns };
      if (strategy === 'nullPrediction') return { at: null, unknowns };
      const defaultChild = children.find((c) => c.is.id === node.is.defaultChild);
      if (strategy === 'defaultChild') {
        if (!defaultChild) return { at: null, unknowns };
        const on = walk(defaultChild, row, strategy);
        return { ...on, unknowns: on.unknowns + unknowns };
      }
      // none: as if it were false.
    } else if (t) {
      const on = walk(child, row, strategy);
      return { ...on, unknowns: on.unknowns + unknowns };
    }
  }
  // noTrueChildStrategy returnNullPrediction, the default.
  return { at: null, unknowns };
};

// The tables ----------------------------------------------------------------------------------------------------

interface Tabled {
  readonly predicates: PredicateTable;
  readonly trees: TreeTable;
  /** What each outcome stands for. */
  readonly outcomes: readonly (Element | null)[];
}

const tabled = (
  root: Element,
  fields: readonly { name: string; number: boolean }[],
  strategy: Strategy,
): Tabled => {
  const table = new PredicateTable();
  const trees = new TreeTable();
  const outcomes: (Element | null)[] = [];
  const column = (p: Element) => fields.findIndex((f) => f.name === p.is.field);
  const literal = (p: Element) => (fields[column(p)]?.number ? Number(p.is.value) : (p.is.value as string));
  const kinds = {
    equal: 'eq',
    notEqual: 'ne',
    lessThan: 'lt',
    lessOrEqual: 'le',
    greaterThan: 'gt',
    greaterOrEqual: 'ge',
  } as const;
  const ask = (p: Element): number => {
    if (p.tag === 'True') return table.constant('true');
    if (p.tag === 'False') return table.constant('false');
    if (p.tag === 'SimpleSetPredicate') {
      const kind = p.is.booleanOperator === 'isIn' ? 'in' : 'notIn';
      return table.membership(kind, column(p), items(p.inside[0]?.text ?? ''));
    }
    if (p.tag === 'CompoundPredicate') {
      const args = p.inside.filter((e) => predicates.has(e.tag)).map(ask);
      return table.compound(p.is.booleanOperator as 'and', args);
    }
    const { operator } = p.is;
    if (operator === 'isMissing' || operator === 'isNotMissing') return table.presence(operator, column(p));
    return table.compare(kinds[operator as keyof typeof kinds], column(p), literal(p));
  };
  const ends = new Map<Element | null, number>();
  const end = (node: Element | null): number => {
    const known = ends.get(node);
    if (known !== undefined) return known;
    outcomes.push(node);
    const made = trees.outcome(node?.is.id ?? '');
    ends.set(node, made);
    return made;
  };
  // A node with children is a chain of tests, the last first; default children are met before they are needed.
  const starts = new Map<Element, number>();
  const start = (node: Element): number => {
    const known = starts.get(node);
    if (known !== undefined) return known;
    const children = childrenOf(node);
    let at = end(children.length === 0 ? node : null);
    for (const child of children.toReversed()) {
      const fallen = children.find((c) => c.is.id === node.is.defaultChild);
      const unknown = {
        none: at,
        lastPrediction: end(node),
        nullPrediction: end(null),
        defaultChild: fallen ? start(fallen) : end(null),
      }[strategy];
      at = trees.test(ask(predicateOf(child)), start(child), at, unknown);
    }
    starts.set(node, at);
    return at;
  };
  trees.root(start(root));
  return { predicates: table, trees, outcomes };
};

// The comparison ------------------------------------------------------------------------------------------------

const compare = (
  root: Element,
  fields: readonly { name: string; number: boolean }[],
  rows: readonly (readonly Cell[])[],
  strategy: Strategy,
): { readonly differ: unknown[]; readonly reached: number; readonly withUnknown: number } => {
  const { predicates: table, trees, outcomes } = tabled(root, fields, strategy);
  const b = new Builder(operators);
  const inputs = fields.map((f) =>
    b.input(f.name, tensorType(f.number ? 'float64' : 'string', ['N', 1], 'missing')),
  );
  const [outcome, unknowns] = b.call([OWN, 'Route'], inputs, {
    attributes: {
      predicates: attr.predicates(table.build((v) => constant('float64', v))),
      trees: attr.trees(trees.build((v, dims) => constant('float64', v, dims))),
    },
    outputs: ['outcome', 'unknowns'],
  });
  const model = {
    format: 'test',
    version: '',
    name: '',
    graph: b.finish([outcome, unknowns].filter((v) => v !== null && v !== undefined)),
    rows: 'N',
    fields: [],
    templates: [],
    opsets: new Map(),
    profile: '',
    metadata: new Map(),
    extra: new Map(),
  };
  const given = new Map<string, Tensor>(
    fields.map((f, c) => {
      const cells = rows.map((r) => r[c] as Cell);
      const data = columnOf(
        f.number ? 'float64' : 'string',
        cells.map((v) => v ?? (f.number ? 0 : '')),
      );
      const gone = Uint8Array.from(cells, (v) => Number(v === null));
      return [f.name, tensor(f.number ? 'float64' : 'string', [rows.length, 1], data, gone)];
    }),
  );
  const out = evaluator(model).run(given);
  const differ: unknown[] = [];
  const reached = new Set<Element | null>();
  let withUnknown = 0;
  rows.forEach((row, i) => {
    const expected = walk(root, new Map(fields.map((f, c) => [f.name, row[c] as Cell])), strategy);
    const at = outcomes[out.get('outcome')?.data[i] as number] ?? null;
    const met = out.get('unknowns')?.data[i];
    reached.add(at);
    if (expected.unknowns > 0) withUnknown++;
    if (at !== expected.at || met !== expected.unknowns) {
      differ.push({ row, is: [at?.is.id, met], expected: [expected.at?.is.id, expected.unknowns] });
    }
  });
  return { differ: differ.slice(0, 3), reached: reached.size, withUnknown };
};

/** Thresholds of a field and the doubles beside them; one value for each way in which the sets of a field hold values; unseen; missing. */
const cellsOf = (model: Element, name: string, number: boolean): Cell[] => {
  const tests = [...all(model, 'SimplePredicate'), ...all(model, 'SimpleSetPredicate')].filter(
    (p) => p.is.field === name,
  );
  if (number) {
    const thresholds = [...new Set(tests.map((p) => Number(p.is.value)))];
    return [null, ...thresholds.flatMap((t) => [...neighbours(t, 'float64'), t])];
  }
  const sets = tests.map((p) =>
    p.tag === 'SimplePredicate' ? [p.is.value as string] : items(p.inside[0]?.text ?? ''),
  );
  const bySignature = new Map<string, string>();
  for (const v of sets.flat()) bySignature.set(sets.map((s) => Number(s.includes(v))).join(''), v);
  return [null, 'never seen', ...bySignature.values()];
};

const product = (lists: readonly (readonly Cell[])[]): Cell[][] =>
  lists.reduce<Cell[][]>((rows, list) => rows.flatMap((r) => list.map((c) => [...r, c])), [[]]);

/** A seeded generator: the same rows every time. */
const seeded = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

const fieldsOf = (model: Element, names: readonly string[]) =>
  names.map((name) => {
    const field = all(model, 'DataField').find((f) => f.is.name === name) as Element;
    return { name, number: field.is.optype === 'continuous' };
  });

if (!present)
  console.warn('2 trees of the corpora are not here: the missing-value design is not proven on them');

describe.runIf(present)('routes by the tables as by the text', () => {
  it.each(['none', 'lastPrediction', 'nullPrediction'] as const)(
    'the golfing tree, every combination, %s',
    (strategy) => {
      const model = parse(files.golfing);
      const root = childrenOf(all(model, 'TreeModel')[0] as Element)[0] as Element;
      const fields = fieldsOf(model, ['temperature', 'humidity', 'windy', 'outlook']);
      const rows = product(fields.map((f) => cellsOf(model, f.name, f.number)));
      const { differ, reached, withUnknown } = compare(root, fields, rows, strategy);
      expect(differ).toEqual([]);
      // temperature 4 thresholds, humidity 2, each ±1 ulp; windy one value, outlook three; unseen and missing.
      expect(rows.length).toBe(13 * 7 * 3 * 5);
      expect(withUnknown).toBeGreaterThan(rows.length / 10);
      expect(reached).toBeGreaterThanOrEqual(6);
    },
  );

  it.each(['defaultChild', 'none', 'lastPrediction', 'nullPrediction'] as const)(
    'the audit tree with surrogates, %s',
    (strategy) => {
      const model = parse(files.audit);
      const root = childrenOf(all(model, 'TreeModel')[0] as Element)[0] as Element;
      const names = all(model, 'MiningField')
        .filter((f) => f.is.usageType === 'active')
        .map((f) => f.is.name as string);
      const fields = fieldsOf(model, names);
      const cells = fields.map((f) => cellsOf(model, f.name, f.number));
      // Which fields are missing or unseen: every combination, the others drawn; and as many rows drawn whole.
      const random = seeded(7);
      const draw = (list: readonly Cell[]) => list[Math.floor(random() * list.length)] as Cell;
      const patterns = product(fields.map((f) => ['there', null, ...(f.number ? [] : ['never seen'])]));
      const rows = patterns.flatMap((pattern) => [
        ...Array.from({ length: 4 }, () =>
          pattern.map((p, c) => (p === 'there' ? draw((cells[c] as Cell[]).slice(2)) : p)),
        ),
        cells.map(draw),
      ]);
      const { differ, reached, withUnknown } = compare(root, fields, rows, strategy);
      expect(differ).toEqual([]);
      expect(patterns.length).toBe(
        2 ** fields.filter((f) => f.number).length * 3 ** fields.filter((f) => !f.number).length,
      );
      // Most of what is missing a surrogate decides.
      expect(withUnknown).toBeGreaterThan(400);
      expect(reached).toBeGreaterThanOrEqual(8);
    },
  );
});
