/**
 * Every missing-value and no-true-child strategy on random trees and rows, against a plain walker written here from
 * the specification (PMML 4.4.1, Tree Models): node objects, one row at a time, three-valued predicates.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agrees, evaluate, type Row, readText } from './corpus.ts';

type Truth = boolean | null;

type Predicate =
  | { readonly is: 'true' }
  | { readonly is: 'simple'; readonly field: string; readonly operator: string; readonly value: string }
  | { readonly is: 'set'; readonly isIn: boolean; readonly values: readonly string[] }
  | { readonly is: 'compound'; readonly operator: string; readonly parts: readonly Predicate[] };

interface Node {
  readonly id: string;
  readonly score: string | null;
  readonly counts: readonly number[];
  readonly predicate: Predicate;
  readonly children: readonly Node[];
}

const labels = ['a', 'b', 'c'];

// The document

const spelledPredicate = (p: Predicate): string => {
  switch (p.is) {
    case 'true':
      return '<True/>';
    case 'simple':
      return `<SimplePredicate field="${p.field}" operator="${p.operator}"${p.operator.startsWith('is') ? '' : ` value="${p.value}"`}/>`;
    case 'set':
      return `<SimpleSetPredicate field="s" booleanOperator="${p.isIn ? 'isIn' : 'isNotIn'}"><Array type="string">${p.values.join(' ')}</Array></SimpleSetPredicate>`;
    case 'compound':
      return `<CompoundPredicate booleanOperator="${p.operator}">${p.parts.map(spelledPredicate).join('')}</CompoundPredicate>`;
  }
};

const records = (n: Node) => n.counts.reduce((x, y) => x + y, 0);

const spelledNode = (n: Node): string =>
  `<Node id="${n.id}"${n.score === null ? '' : ` score="${n.score}"`} recordCount="${records(n)}"${n.children[0] ? ` defaultChild="${n.children[n.children.length - 1]?.id}"` : ''}>
${spelledPredicate(n.predicate)}${n.score === null ? '' : n.counts.map((c, i) => `<ScoreDistribution value="${labels[i]}" recordCount="${c}"/>`).join('')}${n.children.map(spelledNode).join('')}</Node>`;

const document = (root: Node, strategy: string, last: boolean, penalty: number) =>
  `<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary>
<DataField name="x" dataType="double" optype="continuous"/><DataField name="y" dataType="double" optype="continuous"/>
<DataField name="s" dataType="string" optype="categorical"/>
<DataField name="t" dataType="string" optype="categorical"><Value value="a"/><Value value="b"/><Value value="c"/></DataField></DataDictionary>
<TreeModel functionName="classification" missingValueStrategy="${strategy}" missingValuePenalty="${penalty}" noTrueChildStrategy="${last ? 'returnLastPrediction' : 'returnNullPrediction'}">
<MiningSchema><MiningField name="x"/><MiningField name="y"/><MiningField name="s"/><MiningField name="t" usageType="target"/></MiningSchema>
<Output><OutputField name="id" feature="entityId"/><OutputField name="confidence" feature="confidence"/></Output>
${spelledNode(root)}</TreeModel></PMML>`;

// The walker

const test = (p: Predicate, row: Row): Truth => {
  switch (p.is) {
    case 'true':
      return true;
    case 'simple': {
      const v = row[p.field] as number | string | null;
      if (p.operator === 'isMissing') return v === null;
      if (p.operator === 'isNotMissing') return v !== null;
      if (v === null) return null;
      const w = typeof v === 'number' ? Number(p.value) : p.value;
      switch (p.operator) {
        case 'equal':
          return v === w;
        case 'notEqual':
          return v !== w;
        case 'lessThan':
          return v < w;
        case 'lessOrEqual':
          return v <= w;
        case 'greaterThan':
          return v > w;
        default:
          return v >= w;
      }
    }
    case 'set': {
      const v = row.s as string | null;
      return v === null ? null : p.values.includes(v) === p.isIn;
    }
    case 'compound': {
      const parts = p.parts.map((q) => test(q, row));
      switch (p.operator) {
        case 'and':
          return parts.includes(false) ? false : parts.includes(null) ? null : true;
        case 'or':
          return parts.includes(true) ? true : parts.includes(null) ? null : false;
        case 'xor':
          return parts.includes(null) ? null : parts.filter((t) => t).length % 2 === 1;
        default:
          return parts.find((t) => t !== null) ?? null;
      }
    }
  }
};

interface Said {
  readonly label: string | null;
  readonly id: string | null;
  /** Of the label; undefined where this is not compared. */
  readonly confidence?: number | null;
}

const nobody: Said = { label: null, id: null, confidence: null };

const at = (n: Node, penalty = 1): Said =>
  n.score === null
    ? nobody
    : {
        label: n.score,
        id: n.id,
        confidence: ((n.counts[labels.indexOf(n.score)] ?? 0) / records(n)) * penalty,
      };

/** Was what a predicate says said by a surrogate? */
const stoodIn = (p: Predicate, row: Row): boolean =>
  p.is === 'compound' && p.operator === 'surrogate' && test(p.parts[0] as Predicate, row) === null;

/** Each node entered by a surrogate, or as default child, costs the penalty once. */
const walk = (root: Node, row: Row, strategy: string, last: boolean, penalty: number): Said => {
  let node = root;
  let lost = 0;
  for (;;) {
    if (node.children.length === 0) return at(node, penalty ** lost);
    let next: Node | undefined;
    for (const child of node.children) {
      const truth = test(child.predicate, row);
      if (truth === null) {
        if (strategy === 'lastPrediction') return at(node, penalty ** lost);
        if (strategy === 'nullPrediction') return nobody;
        if (strategy === 'defaultChild') {
          next = node.children[node.children.length - 1];
          lost++;
          break;
        }
      } else if (truth) {
        next = child;
        if (stoodIn(child.predicate, row)) lost++;
        break;
      }
    }
    if (!next) return last ? at(node, penalty ** lost) : nobody;
    node = next;
  }
};

/** Leaves reached, with their weights; whether anything was unknown on the way. */
const spread = (
  node: Node,
  row: Row,
  weighted: boolean,
  last: boolean,
): { leaves: [Node, number][]; unknown: boolean } => {
  if (node.children.length === 0) return { leaves: [[node, 1]], unknown: false };
  const entered: Node[] = [];
  let unknown = false;
  for (const child of node.children) {
    const truth = test(child.predicate, row);
    if (truth === false) continue;
    if (truth === null) unknown = true;
    entered.push(child);
    if (truth && !(weighted && unknown)) break;
  }
  if (entered.length === 0) return { leaves: last ? [[node, 1]] : [], unknown: false };
  const parts = entered.map((c) => {
    const inner = spread(c, row, weighted, last);
    const w = weighted && unknown ? records(c) / records(node) : 1;
    return { unknown: inner.unknown, leaves: inner.leaves.map(([n, x]): [Node, number] => [n, x * w]) };
  });
  return { leaves: parts.flatMap((p) => p.leaves), unknown: unknown || parts.some((p) => p.unknown) };
};

const several = (root: Node, row: Row, weighted: boolean, last: boolean): Said => {
  const { leaves, unknown } = spread(root, row, weighted, last);
  const known = leaves.filter(([n]) => n.score !== null);
  if (!unknown) return known[0] ? at(known[0][0]) : nobody;
  if (known.length === 0) return nobody;
  const sums = labels.map((_, i) =>
    known.reduce(
      (x, [n, w]) => x + w * (weighted ? (n.counts[i] as number) / records(n) : (n.counts[i] as number)),
      0,
    ),
  );
  const best = sums.indexOf(Math.max(...sums));
  const all = sums.reduce((x, y) => x + y, 0);
  return {
    label: labels[best] as string,
    id: null,
    confidence: (sums[best] as number) / (weighted ? 1 : all),
  };
};

// Random trees and rows

const numbers = fc.constantFrom('-1', '0', '1', '2.5');
const simple = fc.oneof(
  fc.record({
    is: fc.constant('simple' as const),
    field: fc.constantFrom('x', 'y'),
    operator: fc.constantFrom(
      'lessThan',
      'lessOrEqual',
      'greaterThan',
      'greaterOrEqual',
      'equal',
      'notEqual',
      'isMissing',
      'isNotMissing',
    ),
    value: numbers,
  }),
  fc.record({
    is: fc.constant('simple' as const),
    field: fc.constant('s'),
    operator: fc.constantFrom('equal', 'notEqual'),
    value: fc.constantFrom('p', 'q'),
  }),
  fc.record({
    is: fc.constant('set' as const),
    isIn: fc.boolean(),
    values: fc.subarray(['p', 'q', 'r'], { minLength: 1 }),
  }),
);
const predicate: fc.Arbitrary<Predicate> = fc.oneof(
  { weight: 4, arbitrary: simple },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('compound' as const),
      operator: fc.constantFrom('and', 'or', 'xor', 'surrogate', 'surrogate', 'surrogate'),
      parts: fc.array(simple, { minLength: 2, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ is: 'true' as const }) },
);

/** Two children that exclude each other are what most trees have. */
const opposite: Readonly<Record<string, string>> = {
  lessThan: 'greaterOrEqual',
  lessOrEqual: 'greaterThan',
  greaterThan: 'lessOrEqual',
  greaterOrEqual: 'lessThan',
  equal: 'notEqual',
  notEqual: 'equal',
};
const opposed = (p: Predicate): Predicate =>
  p.is === 'simple' && opposite[p.operator]
    ? { ...p, operator: opposite[p.operator] as string }
    : p.is === 'set'
      ? { ...p, isIn: !p.isIn }
      : { is: 'true' };

interface Shape {
  readonly predicate: Predicate;
  readonly score: string | null;
  readonly counts: readonly number[];
  readonly children: readonly Shape[];
}

const counts = fc.tuple(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 0, max: 9 }),
  fc.integer({ min: 0, max: 9 }),
);
const leaf: fc.Arbitrary<Shape> = fc.record({
  predicate,
  score: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...labels) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  counts,
  children: fc.constant([]),
});
const shape = (depth: number): fc.Arbitrary<Shape> =>
  depth === 0
    ? leaf
    : fc.oneof(
        leaf,
        fc
          .record({
            predicate,
            score: fc.option(fc.constantFrom(...labels)),
            counts,
            children: fc.array(shape(depth - 1), { minLength: 1, maxLength: 4 }),
            paired: fc.boolean(),
          })
          .map(({ paired, ...n }) => {
            const [first, second] = n.children;
            return paired && first && second
              ? { ...n, children: [first, { ...second, predicate: opposed(first.predicate) }] }
              : n;
          }),
      );

/** Numbers the nodes, and gives a parent the records of its children, as a learner would. */
const numbered = (s: Shape, next = { id: 0 }): Node => {
  const id = `n${next.id++}`;
  const children = s.children.map((c) => numbered(c, next));
  const sum = labels.map((_, i) => children.reduce((x, c) => x + (c.counts[i] as number), 0));
  return {
    id,
    score: s.score,
    predicate: s.predicate,
    children,
    counts: children.length > 0 ? sum : s.counts,
  };
};

const row = fc.record({
  x: fc.option(fc.constantFrom(-1, -0.5, 0, 0.5, 1, 2.5, 3), { freq: 2 }),
  y: fc.option(fc.constantFrom(-1, 0, 2, 2.5), { freq: 2 }),
  s: fc.option(fc.constantFrom('p', 'q', 'r', 'unseen')),
});

const runs = 80;

describe('missing values on the way through a tree', () => {
  it.each([
    'none',
    'lastPrediction',
    'nullPrediction',
    'defaultChild',
    'weightedConfidence',
    'aggregateNodes',
  ])('%s', (strategy) => {
    fc.assert(
      fc.property(
        shape(3),
        fc.boolean(),
        fc.constantFrom(1, 0.5),
        fc.array(row, { minLength: 8, maxLength: 8 }),
        (s, last, penalty, rows) => {
          const root: Node = { ...numbered(s), predicate: { is: 'true' } };
          const { model } = readText(document(root, strategy, last, penalty));
          const got = evaluate(model, rows);
          const several_ = strategy === 'weightedConfidence' || strategy === 'aggregateNodes';
          rows.forEach((r, i) => {
            const want = several_
              ? several(root, r, strategy === 'weightedConfidence', last)
              : walk(root, r, strategy, last, penalty);
            const ours = { label: got[i]?.t ?? null, id: got[i]?.id ?? null };
            expect({ row: r, ...ours }).toEqual({ row: r, label: want.label, id: want.id });
            expect(agrees(got[i]?.confidence, want.confidence ?? null, 1e-12)).toBe(true);
          });
        },
      ),
      { numRuns: runs, seed: 4 },
    );
  });
});

/** Labels as numbers. */
const worth: Readonly<Record<string, number>> = { a: 1, b: 2.5, c: -4 };

const ofNumbers = (text: string): string =>
  text
    .replace('functionName="classification"', 'functionName="regression"')
    .replace(
      /<DataField name="t".*?<\/DataField>/,
      '<DataField name="t" dataType="double" optype="continuous"/>',
    )
    .replace('<OutputField name="confidence" feature="confidence"/>', '')
    .replace(/<ScoreDistribution [^>]*>/g, '')
    .replace(/ score="(.)"/g, (_, label: string) => ` score="${worth[label]}"`);

describe('numbers on several ways through a tree', () => {
  it.each(['weightedConfidence', 'aggregateNodes'])('%s averages them', (strategy) => {
    fc.assert(
      fc.property(shape(3), fc.boolean(), fc.array(row, { minLength: 8, maxLength: 8 }), (s, last, rows) => {
        const root: Node = { ...numbered(s), predicate: { is: 'true' } };
        const weighted = strategy === 'weightedConfidence';
        const { model } = readText(ofNumbers(document(root, strategy, last, 1)));
        const got = evaluate(model, rows);
        rows.forEach((r, i) => {
          const { leaves, unknown } = spread(root, r, weighted, last);
          const known = leaves.filter(([n]) => n.score !== null);
          const over = (f: (n: Node) => number) =>
            known.reduce((x, [n, w]) => x + (weighted ? w : records(n)) * f(n), 0);
          const value = over((n) => worth[n.score as string] as number) / over(() => 1);
          expect(agrees(got[i]?.t, known.length === 0 ? null : value, 1e-12)).toBe(true);
          expect(got[i]?.id ?? null).toBe(!unknown && known[0] ? known[0][0].id : null);
        });
      }),
      { numRuns: runs, seed: 5 },
    );
  });
});
