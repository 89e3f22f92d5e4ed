import type { Data } from '../tensor/data.ts';
import { fail, type Place } from './diagnostic.ts';
import { Ints, Reals } from './growing.ts';

/**
 * Trees as columns of tests, all trees in one table. A successor ≥ 0 is a test (row of this table), a negative
 * one an outcome: `~successor`. Outcomes are numbered over all trees; what an outcome is worth stands elsewhere.
 */
export interface Trees {
  /** Where each tree begins: a test, or the outcome of a tree without tests. */
  readonly roots: Int32Array;
  /** Row of the predicate table. */
  readonly test: Int32Array;
  readonly ifTrue: Int32Array;
  readonly ifFalse: Int32Array;
  /** Successor where the test is UNKNOWN; `ALL`: both others are taken, weighted by `share`. */
  readonly ifUnknown: Int32Array;
  readonly outcomes: number;
  /** Weight of the true successor under `ALL`, [tests, 2] (true, false); null where no test uses `ALL`. */
  readonly share: Data | null;
  /** Nodes of the source that the outcomes stand for (their ids as written), for proofs and entity ids. */
  readonly ids: readonly string[];
}

export const ALL = 0x7fff_ffff;

/** Collects the tests of one or many trees, children before or after parents. */
export class TreeTable {
  private readonly roots = new Ints();
  private readonly tests = new Ints();
  private readonly trues = new Ints();
  private readonly falses = new Ints();
  private readonly unknowns = new Ints();
  private readonly idList: string[] = [];
  /** Weights by test and way, where they are not 1; null until one is set. */
  private shares: Reals | null = null;

  get outcomes(): number {
    return this.idList.length;
  }

  get ids(): readonly string[] {
    return this.idList;
  }

  get trees(): number {
    return this.roots.length;
  }

  /** A new outcome; returns the successor that leads to it. */
  outcome(id: string): number {
    return ~(this.idList.push(id) - 1);
  }

  /** A new test; successors may be set later with `link`. */
  test(predicate: number, ifTrue = 0, ifFalse = 0, ifUnknown = 0): number {
    this.trues.push(ifTrue);
    this.falses.push(ifFalse);
    this.unknowns.push(ifUnknown);
    return this.tests.push(predicate);
  }

  link(test: number, ifTrue: number, ifFalse: number, ifUnknown: number): void {
    this.trues.set(test, ifTrue);
    this.falses.set(test, ifFalse);
    this.unknowns.set(test, ifUnknown);
  }

  /** Under UNKNOWN both successors are taken, with these weights. */
  share(test: number, whenTrue: number, whenFalse: number): void {
    this.unknowns.set(test, ALL);
    this.shares ??= new Reals();
    this.weigh(this.shares, test + 1);
    this.shares.set(2 * test, whenTrue);
    this.shares.set(2 * test + 1, whenFalse);
  }

  private weigh(shares: Reals, tests: number): void {
    while (shares.length < 2 * tests) shares.push(1);
  }

  root(successor: number): number {
    return this.roots.push(successor);
  }

  build(floats: (values: ArrayLike<number>, dims: readonly number[]) => Data): Trees {
    if (this.shares) this.weigh(this.shares, this.tests.length);
    return {
      roots: this.roots.take(),
      test: this.tests.take(),
      ifTrue: this.trues.take(),
      ifFalse: this.falses.take(),
      ifUnknown: this.unknowns.take(),
      outcomes: this.idList.length,
      share: this.shares && floats(this.shares.take(), [this.tests.length, 2]),
      ids: [...this.idList],
    };
  }
}

const checked = new WeakMap<Trees, number>();

/**
 * Refuses trees that cannot be walked: lists of different lengths, an index out of range, a way that comes back to where
 * it was, `ALL` without weights. `predicates`: rows of the predicate table. Once a table.
 */
export const checkTrees = (t: Trees, predicates: number, at?: Place): void => {
  if (checked.get(t) === predicates) return;
  const refuse = (rule: string, message: string): never => fail(`ir/tree-${rule}`, message, at);
  const tests = t.test.length;
  for (const [name, list] of Object.entries({
    ifTrue: t.ifTrue,
    ifFalse: t.ifFalse,
    ifUnknown: t.ifUnknown,
  })) {
    if (list.length !== tests) refuse('table', `${tests} tests have ${list.length} successors ${name}`);
  }
  if (t.ids.length !== t.outcomes) refuse('table', `${t.outcomes} outcomes have ${t.ids.length} ids`);
  const successor = (s: number | undefined, of: 'tree' | 'test', i: number) => {
    if (!(s !== undefined && s < tests && ~s < t.outcomes)) {
      refuse(
        'successor',
        `${of} ${i} leads to ${s}, neither one of ${tests} tests nor of ${t.outcomes} outcomes`,
      );
    }
  };
  t.roots.forEach((r, i) => {
    successor(r, 'tree', i);
  });
  for (let i = 0; i < tests; i++) {
    const p = t.test[i] as number;
    if (!(p >= 0 && p < predicates)) refuse('test', `test ${i} asks predicate ${p} of ${predicates}`);
    successor(t.ifTrue[i], 'test', i);
    successor(t.ifFalse[i], 'test', i);
    if (t.ifUnknown[i] !== ALL) successor(t.ifUnknown[i], 'test', i);
    else if (t.share?.count !== 2 * tests || t.share.dtype !== 'float64') {
      refuse('share', `test ${i} takes both ways, but there are no weights float64[${tests}, 2] for it`);
    }
  }
  order(t, refuse);
  checked.set(t, predicates);
};

/** The tests of all trees, each before those that it leads to. The trees must be sound. */
export const testOrder = (t: Trees): Int32Array =>
  order(t, () => {
    throw new Error('the trees were not checked');
  });

const order = (t: Trees, refuse: (rule: string, message: string) => never): Int32Array => {
  const tests = t.test.length;
  const done = new Int32Array(tests);
  let left = tests;
  /** 0 new, 1 on the way here, 2 finished. */
  const state = new Uint8Array(tests);
  const ways = [t.ifTrue, t.ifFalse, t.ifUnknown];
  const path: number[] = [];
  const next: number[] = [];
  for (let from = 0; from < tests; from++) {
    if (state[from] !== 0) continue;
    path.push(from);
    next.push(0);
    state[from] = 1;
    while (path.length > 0) {
      const test = path[path.length - 1] as number;
      const way = next[next.length - 1] as number;
      if (way === ways.length) {
        state[test] = 2;
        done[--left] = test;
        path.pop();
        next.pop();
        continue;
      }
      next[next.length - 1] = way + 1;
      const to = (ways[way] as Int32Array)[test] as number;
      if (to < 0 || to === ALL || state[to] === 2) continue;
      if (state[to] === 1) refuse('cycle', `the way from test ${to} leads back to it`);
      state[to] = 1;
      path.push(to);
      next.push(0);
    }
  }
  return done;
};
