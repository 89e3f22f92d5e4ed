/** Test, Route, Spread and Segment by hand; the law against an interpreter of its own stands in test/passes/lower.test.ts. */
import { describe, expect, it } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import { OWN } from '../../../src/ir/model.ts';
import { ABSENT, type Predicates, PredicateTable } from '../../../src/ir/predicates.ts';
import { ALL, type Trees, TreeTable } from '../../../src/ir/trees.ts';
import { constant } from '../../../src/tensor/data.ts';
import { nextDown64, nextUp64 } from '../../../src/tensor/float.ts';
import { type Cell, cells, column, type Given, refusal, table, use } from './one.ts';

const numbers = (values: ArrayLike<number>) => constant('float64', values);
const weights = (values: ArrayLike<number>, dims: readonly number[]) => constant('float64', values, dims);

/** One predicate on one column: T, F and U as true, false and null. */
const truths = (make: (p: PredicateTable) => number, ...columns: Given[]): (boolean | null)[] => {
  const p = new PredicateTable();
  const rows = attr.ints([make(p)]);
  return cells('Test', columns, { attributes: { predicates: attr.predicates(p.build(numbers)), rows } }).map(
    (c) => (c === null ? null : c === 1),
  );
};
const [T, F, U] = [true, false, null];

describe('Test', () => {
  const around = column('float64', nextDown64(2), 2, nextUp64(2), null);

  it.each([
    ['lt', [T, F, F, U]],
    ['le', [T, T, F, U]],
    ['gt', [F, F, T, U]],
    ['ge', [F, T, T, U]],
    ['eq', [F, T, F, U]],
    ['ne', [T, F, T, U]],
  ] as const)('%s at the threshold and a unit beside it', (kind, expected) => {
    expect(truths((p) => p.compare(kind, 0, 2), around)).toEqual(expected);
  });

  it.each([
    ['lt', -Infinity, [F, F, F]],
    ['ge', -Infinity, [T, T, T]],
    ['le', -Infinity, [T, F, F]],
    ['gt', Infinity, [F, F, F]],
    ['ge', Infinity, [F, F, T]],
    ['lt', Number.NaN, [F, F, F]],
    ['ge', Number.NaN, [F, F, F]],
    ['gt', Number.NaN, [F, F, F]],
    ['eq', Number.NaN, [F, F, F]],
    ['ne', Number.NaN, [T, T, T]],
  ] as const)('%s %s', (kind, literal, expected) => {
    expect(truths((p) => p.compare(kind, 0, literal), column('float64', -Infinity, 0, Infinity))).toEqual(
      expected,
    );
  });

  it('compares in the column: a float32 with the literal rounded to float32', () => {
    const x = column('float32', Math.fround(0.1));
    // float32 0.1 is above the double 0.1, but equal to 0.1 as a float32.
    expect(truths((p) => p.compare('le', 0, 0.1), x)).toEqual([T]);
    expect(truths((p) => p.compare('eq', 0, 0.1), x)).toEqual([T]);
  });

  it('compares integers with fractions, and 64-bit ones beyond 2^53, as the numbers they are', () => {
    expect(truths((p) => p.compare('le', 0, 2.5), column('int32', 2, 3))).toEqual([T, F]);
    expect(truths((p) => p.compare('eq', 0, 2.5), column('int64', 2n, 3n))).toEqual([F, F]);
    const big = column('int64', 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n);
    expect(truths((p) => p.compare('le', 0, 2 ** 53), big)).toEqual([T, T, F]);
    expect(truths((p) => p.compare('eq', 0, 2 ** 53), big)).toEqual([F, T, F]);
    expect(truths((p) => p.membership('in', 0, [2 ** 53]), big)).toEqual([F, T, F]);
  });

  it('takes NaN as IEEE does, or for missing, as the bit says', () => {
    const nan = column('float64', Number.NaN);
    expect(truths((p) => p.compare('lt', 0, 1, 0), nan)).toEqual([F]);
    expect(truths((p) => p.compare('ge', 0, 1, 0), nan)).toEqual([F]);
    expect(truths((p) => p.compare('ne', 0, 1, 0), nan)).toEqual([T]);
    expect(truths((p) => p.membership('notIn', 0, [1], 0), nan)).toEqual([T]);
    expect(truths((p) => p.presence('isMissing', 0, 0), nan)).toEqual([F]);
    expect(truths((p) => p.compare('ne', 0, 1), nan)).toEqual([U]);
    expect(truths((p) => p.presence('isMissing', 0), nan)).toEqual([T]);
  });

  it('takes zero, and what is as small, for missing; or missing for zero', () => {
    // LightGBM's threshold is the float 1e-35, a little above the double.
    const tiny = column('float64', 0, -0, 1e-35, Math.fround(1e-35), nextUp64(Math.fround(1e-35)), null);
    expect(truths((p) => p.compare('ge', 0, 0, ABSENT.zero), tiny)).toEqual([U, U, U, U, T, U]);
    expect(truths((p) => p.presence('isMissing', 0, ABSENT.zero), tiny)).toEqual([T, T, T, T, F, T]);
    const none = column('float64', null, 1);
    expect(truths((p) => p.compare('lt', 0, 0.5, ABSENT.asZero), none)).toEqual([T, F]);
    expect(truths((p) => p.presence('isMissing', 0, ABSENT.asZero), none)).toEqual([F, F]);
    expect(truths((p) => p.compare('lt', 0, 0.5, ABSENT.asZero), column('float64', Number.NaN))).toEqual([T]);
  });

  it('knows sets of strings and numbers, larger than a word', () => {
    const many = Array.from({ length: 100 }, (_, i) => `v${i}`);
    const s = column('string', 'v0', 'v99', 'unseen', null, '');
    expect(truths((p) => p.membership('in', 0, many), s)).toEqual([T, T, F, U, F]);
    expect(truths((p) => p.membership('notIn', 0, many), s)).toEqual([F, F, T, U, T]);
    expect(truths((p) => p.membership('in', 0, []), s)).toEqual([F, F, F, U, F]);
    expect(truths((p) => p.membership('in', 0, [0, 1]), column('float64', -0, 1, 2))).toEqual([T, T, F]);
  });

  it('joins: a surrogate is the first that is known', () => {
    const surrogate = (p: PredicateTable) =>
      p.compound('surrogate', [p.compare('lt', 0, 1), p.compare('eq', 1, 'a'), p.constant('false')]);
    expect(
      truths(surrogate, column('float64', 0, null, null, null), column('string', 'b', 'a', 'b', null)),
    ).toEqual([T, T, F, F]);
    const and = (p: PredicateTable) => p.compound('and', [p.compare('lt', 0, 1), p.compare('eq', 1, 'a')]);
    expect(truths(and, column('float64', null, null, 2), column('string', 'a', 'b', null))).toEqual([
      U,
      F,
      F,
    ]);
  });

  it('is never missing where no predicate asked for can be UNKNOWN', () => {
    const p = new PredicateTable();
    const rows = [
      p.presence('isMissing', 0),
      p.compound('or', [p.constant('true'), p.presence('isNotMissing', 0)]),
    ];
    const known = use('Test', [column('float64', null)], {
      attributes: { predicates: attr.predicates(p.build(numbers)), rows: attr.ints(rows) },
    });
    expect(known.types).toEqual(['bool[N, 2]']);
  });

  it('costs no more than the table where predicates share predicates', () => {
    const p = new PredicateTable();
    let at = p.compare('lt', 0, 1);
    for (let i = 0; i < 500; i++) at = p.compound(i % 2 ? 'and' : 'or', [at, at, p.compare('lt', 0, i)]);
    const rows = attr.ints([at]);
    // 3^500 ways through it.
    expect(
      cells('Test', [column('float64', 0)], {
        attributes: { predicates: attr.predicates(p.build(numbers)), rows },
      }),
    ).toEqual([1]);
  });
});

/** A tree on x < 1: true → a, else on s = 'a': true → b, false → c, unknown → d; unknown x → s too. */
const small = (): { predicates: Predicates; trees: Trees } => {
  const p = new PredicateTable();
  const t = new TreeTable();
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => t.outcome(id)) as [number, number, number, number];
  const second = t.test(p.compare('eq', 1, 'a'), b, c, d);
  t.root(t.test(p.compare('lt', 0, 1), a, second, second));
  t.root(b);
  return { predicates: p.build(numbers), trees: t.build(weights) };
};
const x = column('float64', 0, 1, 1, 1, null, null);
const s = column('string', null, 'a', 'b', null, 'a', null);
const attributesOf = ({ predicates, trees }: { predicates: Predicates; trees: Trees }) => ({
  predicates: attr.predicates(predicates),
  trees: attr.trees(trees),
});

describe('Route', () => {
  it('gives the outcome of every tree, and how often UNKNOWN was met', () => {
    expect(use('Route', [x, s], { attributes: attributesOf(small()), outputs: 2 })).toEqual({
      types: ['int32[N, 2]', 'int32[N, 2]'],
      dims: [
        [6, 2],
        [6, 2],
      ],
      cells: [
        [0, 1, 1, 1, 2, 1, 3, 1, 1, 1, 3, 1],
        [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 2, 0],
      ],
    });
  });

  it('gives the same with planes, whatever stands under them', () => {
    const plain = [
      column('float64', 0, 1, 1, 1, 0, 7),
      column('string', 'a', 'a', 'b', 'a', 'a', 'a'),
      column('bool', ...[0, 0, 0, 0, 1, 1]),
      column('bool', ...[1, 0, 0, 1, 0, 1]),
    ];
    const attributes = { ...attributesOf(small()), planes: attr.int(1) };
    expect(use('Route', plain, { attributes, outputs: 2 }).cells).toEqual(
      use('Route', [x, s], { attributes: attributesOf(small()), outputs: 2 }).cells,
    );
    expect(cells('Route', [plain[0] as Given, plain[1] as Given, null, null], { attributes })).toEqual([
      0, 1, 1, 1, 2, 1, 1, 1, 0, 1, 1, 1,
    ]);
  });

  it('works through more rows than a block, and trees than a batch', () => {
    const n = 5000;
    const p = new PredicateTable();
    const t = new TreeTable();
    for (let k = 0; k < 40; k++) {
      const [low, high] = [t.outcome('low'), t.outcome('high')];
      t.root(t.test(p.compare('lt', 0, k * 100), low, high, low));
    }
    const values = Array.from({ length: n }, (_, i) => i);
    const done = cells('Route', [column('float64', ...values)], {
      attributes: attributesOf({ predicates: p.build(numbers), trees: t.build(weights) }),
    });
    const expected: Cell[] = values.flatMap((v) =>
      Array.from({ length: 40 }, (_, k) => 2 * k + (v < k * 100 ? 0 : 1)),
    );
    expect(done).toEqual(expected);
  });

  it('refuses both ways, no columns, and columns of several', () => {
    const p = new PredicateTable();
    const t = new TreeTable();
    const test = t.test(p.compare('lt', 0, 1), t.outcome('a'), t.outcome('b'));
    t.share(test, 0.5, 0.5);
    t.root(test);
    const attributes = attributesOf({ predicates: p.build(numbers), trees: t.build(weights) });
    expect(refusal(() => use('Route', [column('float64', 1)], { attributes }))).toContain('Spread does that');
    expect(refusal(() => use('Route', [], { attributes: attributesOf(small()) }))).toContain(
      'at least one column',
    );
    expect(
      refusal(() => use('Route', [table('float64', [1, 2]), s], { attributes: attributesOf(small()) })),
    ).toContain('[N, 1]');
  });
});

describe('Spread', () => {
  const spread = (): { predicates: Predicates; trees: Trees } => {
    const p = new PredicateTable();
    const t = new TreeTable();
    const [a, b, c] = ['a', 'b', 'c'].map((id) => t.outcome(id)) as [number, number, number];
    const second = t.test(p.compare('eq', 1, 'a'), b, c);
    t.share(second, 0.25, 0.75);
    const first = t.test(p.compare('lt', 0, 1), a, second);
    t.share(first, 0.5, 0.5);
    t.root(first);
    return { predicates: p.build(numbers), trees: t.build(weights) };
  };

  it('multiplies shares along a way', () => {
    expect(use('Spread', [x, s], { attributes: attributesOf(spread()) })).toEqual({
      types: ['float64[N, 3]'],
      dims: [[6, 3]],
      cells: [[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0.25, 0.75, 0.5, 0.5, 0, 0.5, 0.125, 0.375]],
    });
  });

  it('adds ways that meet again, in a time of the table', () => {
    const p = new PredicateTable();
    const t = new TreeTable();
    let at = t.outcome('end');
    for (let i = 0; i < 200; i++) {
      const [left, right] = [t.test(p.constant('true'), at, at, at), t.test(p.constant('true'), at, at, at)];
      at = t.test(p.compare('lt', 0, 1), left, right);
      t.share(at, 0.5, 0.5);
    }
    t.root(at);
    const attributes = attributesOf({ predicates: p.build(numbers), trees: t.build(weights) });
    expect(cells('Spread', [column('float64', null)], { attributes })).toEqual([1]);
  });
});

describe('Segment', () => {
  it('gives the results of its body where the guard is TRUE', () => {
    const done = use('Segment', [column('bool', true, false, null, true), column('float64', 1, 2, 3, null)], {
      body: (b, [, value]) => {
        if (!value) throw new Error('no value');
        const filled = b.op([OWN, 'Fill'], [value, b.constant(constant('float64', [9], []))]);
        return b.finish([filled, value, b.constant(constant('string', ['p', 'q'], [1, 2]))]);
      },
    });
    expect(done).toEqual({
      types: ['float64[N, 1]?', 'float64[N, 1]?', 'string[N, 2]?'],
      dims: [
        [4, 1],
        [4, 1],
        [4, 2],
      ],
      cells: [
        [1, null, null, 9],
        [1, null, null, null],
        ['p', 'q', null, null, null, null, 'p', 'q'],
      ],
    });
  });
});

describe('broken tables are refused where they stand', () => {
  const predicates = (change: (p: Predicates) => Partial<Predicates>): string => {
    const p = new PredicateTable();
    const list = [p.compare('lt', 0, 1), p.membership('in', 0, [1, 2])];
    p.compound('and', list);
    const built = p.build(numbers);
    const broken = { ...built, ...change(built) };
    return refusal(() =>
      use('Test', [column('float64', 1)], {
        attributes: { predicates: attr.predicates(broken), rows: attr.ints([0]) },
      }),
    ).split(':')[0] as string;
  };
  const put = (list: Int32Array, at: number, value: number) => {
    const copy = Int32Array.from(list);
    copy[at] = value;
    return copy;
  };

  it.each<[string, (p: Predicates) => Partial<Predicates>]>([
    ['ir/predicate-kind', (p) => ({ kind: Uint8Array.of(99, ...p.kind.slice(1)) })],
    ['ir/predicate-column', (p) => ({ column: put(p.column, 0, 1) })],
    ['ir/predicate-column', (p) => ({ column: put(p.column, 0, -1) })],
    ['ir/predicate-literal', (p) => ({ literal: put(p.literal, 0, 2) })],
    ['ir/predicate-literal', (p) => ({ members: put(p.members, 0, -1) })],
    ['ir/predicate-range', (p) => ({ to: put(p.to, 1, 3) })],
    ['ir/predicate-range', (p) => ({ from: put(p.from, 2, -1) })],
    ['ir/predicate-empty', (p) => ({ to: put(p.to, 2, p.from[2] as number) })],
    ['ir/predicate-forward', (p) => ({ args: put(p.args, 0, 2) })],
    ['ir/predicate-table', (p) => ({ absent: p.absent.slice(1) })],
    ['ir/predicate-table', () => ({ numbers: constant('string', ['a', 'b']) })],
  ])('%s', (rule, change) => {
    expect(predicates(change)).toBe(rule);
  });

  it('asks no order of strings, and no zero', () => {
    const of = (make: (p: PredicateTable) => number) =>
      refusal(() => truths(make, column('string', 'a'))).split(':')[0];
    expect(of((p) => p.compare('lt', 0, 'a'))).toBe('ir/predicate-order');
    expect(of((p) => p.compare('eq', 0, 'a', ABSENT.asZero))).toBe('ir/predicate-absent');
    expect(of((p) => p.compare('eq', 0, 5))).toBe('ir/predicate-literal');
  });

  it('nests no deeper than can be followed', () => {
    const p = new PredicateTable();
    let at = p.compare('lt', 0, 1);
    for (let i = 0; i < 1001; i++) at = p.compound('and', [at, p.compare('lt', 0, i)]);
    const rows = attr.ints([at]);
    expect(
      refusal(() =>
        use('Test', [column('float64', 1)], {
          attributes: { predicates: attr.predicates(p.build(numbers)), rows },
        }),
      ),
    ).toMatch(/^ir\/predicate-depth/);
  });

  it.each<[string, (t: Trees) => Partial<Trees>]>([
    ['ir/tree-successor', (t) => ({ ifTrue: put(t.ifTrue, 0, 2) })],
    ['ir/tree-successor', (t) => ({ ifFalse: put(t.ifFalse, 0, ~4) })],
    ['ir/tree-successor', () => ({ roots: Int32Array.of(ALL) })],
    ['ir/tree-test', (t) => ({ test: put(t.test, 1, 2) })],
    ['ir/tree-cycle', (t) => ({ ifTrue: put(t.ifTrue, 0, 1) })],
    ['ir/tree-cycle', (t) => ({ ifUnknown: put(t.ifUnknown, 0, 0) })],
    ['ir/tree-share', (t) => ({ ifUnknown: put(t.ifUnknown, 0, ALL) })],
    ['ir/tree-table', (t) => ({ ifFalse: t.ifFalse.slice(1) })],
    ['ir/tree-table', () => ({ ids: [] })],
  ])('%s', (rule, change) => {
    const { predicates: p, trees } = small();
    const broken = { ...trees, ...change(trees) };
    expect(
      refusal(() =>
        use('Spread', [x, s], { attributes: attributesOf({ predicates: p, trees: broken }) }),
      ).split(':')[0],
    ).toBe(rule);
  });
});
