/**
 * What boundary rows are to hit: at every test of every tree, on a row that reaches it, the values on which a mistake
 * in that test shows. Paths are followed over the finite domains, so that a test whose path contradicts itself is
 * known to be unreachable.
 */
import { ALL, type Trees } from '../ir/trees.ts';
import type { Domains } from './domain.ts';
import type { TestTable } from './probe.ts';
import { all, has, intersect, isEmpty, type Ranges } from './ranges.ts';
import { type Case, RESULT, TruthTable } from './truth.ts';

/** One narrowing of one slot on a path; the links up to the root are the box of slots that reach a test. */
export interface Link {
  readonly parent: Link | null;
  readonly slot: number;
  readonly ranges: Ranges;
}

const rangesIn = (link: Link | null, slot: number): Ranges | undefined => {
  for (let l = link; l; l = l.parent) if (l.slot === slot) return l.ranges;
  return undefined;
};

/** The box within a case too; undefined where they have nothing in common. */
const narrow = (link: Link | null, constraints: Case): Link | null | undefined => {
  let box = link;
  for (const { slot, ranges } of constraints) {
    const before = rangesIn(box, slot);
    const within = before ? intersect(before, ranges) : ranges;
    if (isEmpty(within)) return undefined;
    if (!before || before.length !== within.length || before.some((x, i) => x !== within[i])) {
      box = { parent: box, slot, ranges: within };
    }
  }
  return box;
};

/** A value of a slot at a test. */
export interface Target {
  readonly tree: Tree;
  /** Row of the tree table. */
  readonly node: number;
  /** The simple predicate that decides there. */
  readonly predicate: number;
  readonly slot: number;
  /** Index into the slot's domain. */
  readonly value: number;
  /** Where the other predicates of a compound test must be. */
  readonly context: Case;
  /** Where every slot must be to get there. */
  readonly box: Link | null;
}

/** A tree of a table; a predicate of a `Test` is a tree with one test and no outcomes. */
export interface Tree {
  readonly table: number;
  readonly index: number;
  /** Trees in its table. */
  readonly count: number;
  /** Its tests, reachable or not. */
  readonly nodes: ReadonlySet<number>;
  readonly truth: TruthTable;
  readonly trees: Trees;
  readonly root: number;
  /** Targets by test. */
  readonly at: Map<number, Target[]>;
  /** Tests and outcomes that some row reaches, as far as the domains can tell. */
  readonly reachable: Set<number>;
  /** Was everything followed? Only then is what was not reached unreachable. */
  complete: boolean;
}

/** Outcomes of a tree made of one test, and their numbers. */
const single = (rows: readonly number[]): Trees => ({
  roots: Int32Array.from(rows, (_, i) => i),
  test: Int32Array.from(rows),
  ifTrue: new Int32Array(rows.length).fill(~0),
  ifFalse: new Int32Array(rows.length).fill(~0),
  ifUnknown: new Int32Array(rows.length).fill(~0),
  outcomes: 1,
  share: null,
  ids: [''],
});

/** Tests of one tree entered at most this often each, on average: trees that share subtrees have many paths. */
const visitsPerTest = 8;

export const treesIn = (tables: readonly TestTable[], domains: Domains): Tree[] =>
  tables.flatMap((t, table) => {
    const truth = new TruthTable(t, domains);
    const trees = t.trees ?? single(t.rows);
    return Array.from(trees.roots, (root, index): Tree => {
      const tree: Tree = {
        table,
        index,
        count: trees.roots.length,
        nodes: testsBelow(trees, root),
        truth,
        trees,
        root,
        at: new Map(),
        reachable: new Set(),
        complete: true,
      };
      follow(tree, domains);
      return tree;
    });
  });

const testsBelow = (trees: Trees, root: number): Set<number> => {
  const found = new Set<number>();
  const stack = [root];
  while (stack.length > 0) {
    const node = stack.pop() as number;
    if (node < 0 || found.has(node)) continue;
    found.add(node);
    for (const [, next] of successors(trees, node)) stack.push(next);
  }
  return found;
};

interface Visit {
  readonly node: number;
  readonly box: Link | null;
}

const follow = (tree: Tree, { domains }: Domains): void => {
  const { trees, truth, at, reachable } = tree;
  const stack: Visit[] = [{ node: tree.root, box: null }];
  const visits = new Map<number, number>();
  const sizes = domains.map((d) => all(d.values.length));
  while (stack.length > 0) {
    const { node, box } = stack.pop() as Visit;
    reachable.add(node);
    if (node < 0) continue;
    const seen = visits.get(node) ?? 0;
    if (seen >= visitsPerTest) {
      tree.complete = false;
      continue;
    }
    visits.set(node, seen + 1);
    const test = trees.test[node] as number;
    addTargets(tree, node, test, box, sizes, at);
    for (const [bit, next] of successors(trees, node)) {
      for (const c of truth.cases(test, bit)) {
        const inside = narrow(box, c);
        if (inside !== undefined) stack.push({ node: next, box: inside });
      }
    }
  }
  if (truth.incomplete) tree.complete = false;
};

/**
 * Where a test leads: each successor once, with the results that lead there as bits. A result that takes both ways leads
 * to no place of its own.
 */
export const successors = (trees: Trees, node: number): [results: number, next: number][] => {
  const yes = trees.ifTrue[node] as number;
  const no = trees.ifFalse[node] as number;
  const unknown = trees.ifUnknown[node] as number;
  const also = (next: number) => (unknown === next ? RESULT.unknown : 0);
  if (yes === no) return [[RESULT.true | RESULT.false | also(yes), yes], ...apart(unknown, yes, no)];
  return [[RESULT.true | also(yes), yes], [RESULT.false | also(no), no], ...apart(unknown, yes, no)];
};

const apart = (unknown: number, yes: number, no: number): [number, number][] =>
  unknown === ALL || unknown === yes || unknown === no ? [] : [[RESULT.unknown, unknown]];

const addTargets = (
  tree: Tree,
  node: number,
  test: number,
  box: Link | null,
  sizes: readonly Ranges[],
  at: Map<number, Target[]>,
): void => {
  const { truth } = tree;
  const list = at.get(node) ?? [];
  // Entered again by another way: what was found before stays.
  const known = list.length > 0 ? new Set(list.map((t) => `${t.predicate} ${t.value}`)) : null;
  for (const leaf of truth.leaves(test)) {
    const t = truth.truth(leaf.predicate);
    if (!t) continue;
    for (const value of truth.interest(leaf.predicate)) {
      if (known?.has(`${leaf.predicate} ${value}`)) continue;
      if (!has(rangesIn(box, t.slot) ?? (sizes[t.slot] as Ranges), value)) continue;
      for (const context of leaf.context) {
        const inside = narrow(box, context);
        if (inside === undefined) continue;
        if (!has(rangesIn(inside, t.slot) ?? (sizes[t.slot] as Ranges), value)) continue;
        list.push({ tree, node, predicate: leaf.predicate, slot: t.slot, value, context, box: inside });
        break;
      }
    }
  }
  at.set(node, list);
};
