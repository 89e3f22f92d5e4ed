/**
 * From tests with three successors, shared at will, to trees of tests with two. A path knows what its tests have
 * said about every feature, so that a test already decided is not asked again; NaN follows a chain of tests on its
 * feature to the successor it belongs to, and only where there is none on the way does a test of presence come first.
 */
import type { Trees } from '../../ir/trees.ts';
import type { Branch, Branches } from './branches.ts';
import { anything, type Range, split, withNaN } from './range.ts';
import type { EnsembleTable, Entry } from './table.ts';

interface Knowledge {
  readonly feature: number;
  readonly range: Range;
  readonly before: Knowledge | null;
}

/** A successor, and how many tests were UNKNOWN on the way to it. */
interface Goal {
  readonly to: number;
  readonly unknowns: number;
}

interface Visit extends Goal {
  readonly entry: Entry;
  readonly known: Knowledge | null;
  /** NaN of this feature travels along, and belongs to the goal. */
  readonly carried: { readonly feature: number; readonly goal: Goal } | null;
}

export interface Unfolding {
  readonly trees: Trees;
  readonly branches: Branches;
  /** Count the UNKNOWN tests: leaves then differ by their number too. */
  readonly counting: boolean;
  /** Target and weight of a leaf. */
  leaf(tree: number, outcome: number, unknowns: number): readonly [target: number, weight: number];
}

const same = (a: Goal, b: Goal): boolean => a.to === b.to && a.unknowns === b.unknowns;

/**
 * Adds a tree to the table. false, and nothing added, where it would grow beyond `bound` nodes: subtrees that have
 * several parents are copied.
 */
export const unfoldTree = (table: EnsembleTable, tree: number, u: Unfolding, bound: number): boolean => {
  const { trees, branches, counting } = u;
  const start = table.mark();
  const successors = (test: number, branch: Branch, at: Goal) => {
    const step = (truth: 'yes' | 'no' | 'unknown'): Goal => ({
      to: (truth === 'yes' ? trees.ifTrue : truth === 'no' ? trees.ifFalse : trees.ifUnknown)[test] as number,
      unknowns: at.unknowns + (truth === 'unknown' && counting ? 1 : 0),
    });
    return { yes: step('yes'), no: step('no'), nan: step(branch.nan) };
  };
  const rangeOf = (known: Knowledge | null, feature: number): Range => {
    for (let k = known; k; k = k.before) if (k.feature === feature) return k.range;
    return branches.mayBeNaN(feature) ? anything : { ...anything, nan: false };
  };
  const branchAt = (to: number): Branch => branches.of(trees.test[to] as number);
  /** Where NaN of the feature ends: the tests on it that follow each other are all asked. */
  const nanGoal = (goal: Goal, feature: number): Goal => {
    let at = goal;
    while (at.to >= 0 && branchAt(at.to).feature === feature) at = successors(at.to, branchAt(at.to), at).nan;
    return at;
  };
  /** Does the chain of tests on the feature, each failing, come past the goal? */
  const passes = (from: Goal, feature: number, goal: Goal): boolean => {
    let at = from;
    while (!same(at, goal)) {
      if (at.to < 0 || branchAt(at.to).feature !== feature) return false;
      const next = successors(at.to, branchAt(at.to), at);
      if (same(next.yes, goal)) return true;
      at = next.no;
    }
    return true;
  };

  const stack: Visit[] = [
    { to: trees.roots[tree] as number, unknowns: 0, entry: 'root', known: null, carried: null },
  ];
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const { entry, known, to } = visit;
    if (to < 0) {
      table.leaf(entry, ...u.leaf(tree, ~to, visit.unknowns));
      continue;
    }
    if (table.nodes.length - start[0] > bound) {
      table.reset(start);
      return false;
    }
    const branch = branchAt(to);
    const { feature } = branch;
    const go = (goal: Goal, range: Range, from: Entry, carried: Visit['carried'] = null) => {
      const arrived = carried && same(carried.goal, goal) ? null : carried;
      stack.push({ ...goal, entry: from, known: { feature, range, before: known }, carried: arrived });
    };
    if (feature < 0) {
      const { yes, no } = successors(to, branch, visit);
      stack.push({ ...visit, ...(branch.negated ? no : yes) });
      continue;
    }
    const carried = visit.carried?.feature === feature ? visit.carried : null;
    const parts = split(rangeOf(known, feature), branch);
    const next = successors(to, branch, visit);
    const direct = next.nan.to === next.yes.to || next.nan.to === next.no.to;
    const nan = carried?.goal ?? (direct ? next.nan : nanGoal(visit, feature));
    const ways = [
      ...(parts.yes.some ? [next.yes] : []),
      ...(parts.no.some ? [next.no] : []),
      ...(parts.nan.nan ? [nan] : []),
    ];
    // No way at all: no row comes here.
    const only = ways[0] ?? next.no;
    if (ways.every((w) => same(w, only))) {
      // Nothing to ask. What is known stays, since the parts are one again.
      stack.push({ ...visit, ...only, carried: null });
      continue;
    }
    /** Numbers to this test again, NaN to where it belongs. */
    const askPresence = () => {
      const node = table.node(entry, {
        feature,
        test: { k: 'below', value: Infinity, inclusive: true },
        nanHolds: false,
      });
      const numbers = { ...rangeOf(known, feature), nan: false };
      go(nan, parts.nan, { node, holds: false });
      go({ to, unknowns: visit.unknowns }, numbers, { node, holds: true });
    };
    if (!parts.yes.some || !parts.no.some || branch.test.k === 'always') {
      const decided = parts.yes.some ? next.yes : next.no;
      // Numbers go one way; NaN may come along to where that way leads it.
      if ((parts.yes.some || parts.no.some) && passes(decided, feature, nan)) {
        const arrived = same(decided, nan);
        stack.push({ ...visit, ...decided, carried: arrived ? null : { feature, goal: nan } });
      } else askPresence();
      continue;
    }
    const nanYes = parts.nan.nan && same(nan, next.yes);
    const nanNo = parts.nan.nan && !nanYes && (same(nan, next.no) || passes(next.no, feature, nan));
    if (parts.nan.nan && !nanYes && !nanNo) {
      askPresence();
      continue;
    }
    const node = table.node(entry, {
      feature,
      test: branch.test,
      nanHolds: (nanYes && !branch.negated) || (nanNo && branch.negated),
    });
    go(
      next.no,
      nanNo ? withNaN(parts.no) : parts.no,
      { node, holds: branch.negated },
      nanNo ? { feature, goal: nan } : null,
    );
    go(next.yes, nanYes ? withNaN(parts.yes) : parts.yes, { node, holds: !branch.negated });
  }
  return true;
};
