/**
 * Rows that hit targets, many to a row: each begins with one target and its path; then the other trees are walked
 * within what is still open, towards their targets, and what they need is fixed too. What stays open is filled with
 * ordinary values. The inner loop meets every test many times: its tables are flat.
 */
import { ALL, type Trees } from '../ir/trees.ts';
import type { Domain } from './domain.ts';
import type { Random } from './random.ts';
import { has, intersect, isEmpty, nth, type Ranges, sizeOf } from './ranges.ts';
import { type Link, successors, type Target, type Tree } from './targets.ts';
import type { Case, TruthTable } from './truth.ts';

/** Rows by slot as indices into the domains, and which targets each was made for. */
export interface Packed {
  readonly rows: readonly Int32Array[];
  readonly claims: readonly (readonly Target[])[];
  /** Targets that no row was made for: the limit of rows was met. */
  readonly left: number;
  /** Of those: values that hide everything else on their row, so that little can be seen on it. */
  readonly leftHiding: number;
}

export interface PackOptions {
  readonly domains: readonly Domain[];
  readonly trees: readonly Tree[];
  /** Values by slot that each want a row of their own choosing, whatever the trees do. */
  readonly loose: readonly (readonly number[])[];
  /** Ordinary values by slot: what fills a row. */
  readonly ordinary: readonly Ranges[];
  /** Values that hide everything else on their row: never beside other targets. */
  readonly hides: (slot: number, value: number) => boolean;
  readonly random: Random;
  readonly limit: number;
}

/** Trees in a row that brought nothing before a row is closed. */
const patience = 10;

/** Rows at most for values that hide the rest of their row: each takes one of its own. */
const hidingRows = 5000;

export const pack = (options: PackOptions): Packed => {
  const { trees, loose, limit } = options;
  const rows: Int32Array[] = [];
  const claims: Target[][] = [];
  const row = new Row(options);
  const waiting = new Waiting(trees, options);
  const work = trees.filter((t) => t.at.size > 0).map((t) => new Work(t, waiting));
  const queues = loose.map((values) => [...values].reverse());
  const emit = () => {
    rows.push(row.close());
    claims.push(row.claims);
  };

  let left = 0;
  let first = 0;
  while (work.length > 0) {
    const at = first % work.length;
    const w = work[at] as Work;
    const seed = rows.length < limit ? w.next() : -1;
    if (seed < 0) {
      left += w.remaining;
      work.splice(at, 1);
      continue;
    }
    row.open();
    row.seed(waiting.targets[seed] as Target);
    w.done(seed);
    w.walk(row);
    let idle = 0;
    for (let k = 1; k < work.length && idle < patience && row.openSlots > 0; k++) {
      idle = (work[(at + k) % work.length] as Work).walk(row) ? 0 : idle + 1;
    }
    row.takeLoose(queues);
    emit();
    first++;
  }
  // Spread over the trees, so that a limit leaves some of each.
  const hiding = spread(waiting.hiding);
  const most = Math.min(hiding.length, hidingRows, Math.max(0, limit - rows.length));
  for (const target of hiding.slice(0, most)) {
    row.open();
    row.seed(target);
    emit();
  }
  while (queues.some((q) => q.length > 0) && rows.length < limit) {
    row.open();
    row.takeLoose(queues);
    emit();
  }
  const leftHiding = hiding.length - most;
  return { rows, claims, left: left + leftHiding + queues.reduce((n, q) => n + q.length, 0), leftHiding };
};

/** Every k-th first, then the rest, so that the beginning of the list is a cross-section of it. */
const spread = (list: readonly Target[]): Target[] => {
  const step = Math.max(1, Math.ceil(list.length / hidingRows));
  return Array.from({ length: step }, (_, k) => list.filter((_, i) => i % step === k)).flat();
};

/** A row being made: what is open of every slot, `[low, high)` and perhaps less, or the one value it is fixed to. */
class Row {
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Where a slot's open values are no single run. */
  readonly parts: (Ranges | null)[];
  readonly pins: Int32Array;
  claims: Target[] = [];
  openSlots = 0;
  private readonly sizes: Int32Array;
  private readonly options: PackOptions;
  private readonly undo: number[] = [];
  private readonly undoParts: (Ranges | null)[] = [];

  constructor(options: PackOptions) {
    this.options = options;
    this.sizes = Int32Array.from(options.domains, (d) => d.values.length);
    this.low = new Int32Array(this.sizes.length);
    this.high = Int32Array.from(this.sizes);
    this.parts = options.domains.map(() => null);
    this.pins = new Int32Array(this.sizes.length);
  }

  open(): void {
    this.low.fill(0);
    this.high.set(this.sizes);
    this.parts.fill(null);
    this.pins.fill(-1);
    this.claims = [];
    this.openSlots = this.pins.length;
    this.undo.length = 0;
    this.undoParts.length = 0;
  }

  mark(): number {
    return this.undoParts.length;
  }

  back(mark: number): void {
    const { undo } = this;
    while (this.undoParts.length > mark) {
      const pin = undo.pop() as number;
      const high = undo.pop() as number;
      const low = undo.pop() as number;
      const slot = undo.pop() as number;
      if ((this.pins[slot] as number) >= 0 && pin < 0) this.openSlots++;
      this.pins[slot] = pin;
      this.low[slot] = low;
      this.high[slot] = high;
      this.parts[slot] = this.undoParts.pop() ?? null;
    }
  }

  private save(slot: number): void {
    this.undo.push(slot, this.low[slot] as number, this.high[slot] as number, this.pins[slot] as number);
    this.undoParts.push(this.parts[slot] ?? null);
  }

  seed(target: Target): void {
    const seen = new Set<number>();
    // The link nearest to the test is the narrowest of its slot.
    for (let l: Link | null = target.box; l; l = l.parent) {
      if (seen.has(l.slot)) continue;
      seen.add(l.slot);
      // Ordinary values leave other trees more to choose from than missing ones.
      const usual = intersect(l.ranges, this.options.ordinary[l.slot] as Ranges);
      this.set(l.slot, isEmpty(usual) ? l.ranges : usual);
    }
    this.pin(target.slot, target.value);
    this.claims.push(target);
  }

  private set(slot: number, ranges: Ranges): void {
    this.low[slot] = ranges[0] as number;
    this.high[slot] = ranges[ranges.length - 1] as number;
    this.parts[slot] = ranges.length > 2 ? ranges : null;
  }

  pin(slot: number, value: number): void {
    this.save(slot);
    if ((this.pins[slot] as number) < 0) this.openSlots--;
    this.pins[slot] = value;
  }

  allows(slot: number, value: number): boolean {
    const pin = this.pins[slot] as number;
    if (pin >= 0) return pin === value;
    if (value < (this.low[slot] as number) || value >= (this.high[slot] as number)) return false;
    const parts = this.parts[slot];
    return !parts || has(parts, value);
  }

  rangesOf(slot: number): Ranges {
    const pin = this.pins[slot] as number;
    return pin >= 0
      ? [pin, pin + 1]
      : (this.parts[slot] ?? [this.low[slot] as number, this.high[slot] as number]);
  }

  /** Could every slot be within the case? */
  fits(c: Case): boolean {
    for (const { slot, ranges } of c) if (isEmpty(intersect(this.rangesOf(slot), ranges))) return false;
    return true;
  }

  narrow(c: Case): void {
    for (const { slot, ranges } of c) {
      if ((this.pins[slot] as number) >= 0) continue;
      this.save(slot);
      this.set(slot, intersect(this.rangesOf(slot), ranges));
    }
  }

  /** The slot's open values cut to a run. */
  cut(slot: number, low: number, high: number): void {
    this.save(slot);
    if (low > (this.low[slot] as number)) this.low[slot] = low;
    if (high < (this.high[slot] as number)) this.high[slot] = high;
  }

  /** Fixes one waiting value a slot, where the row leaves it open. */
  takeLoose(queues: readonly number[][]): void {
    const { hides } = this.options;
    const empty = () => this.openSlots === this.pins.length;
    for (let slot = 0; slot < queues.length; slot++) {
      const queue = queues[slot] as number[];
      const value = queue.at(-1);
      if (value === undefined || (this.pins[slot] as number) >= 0 || !this.allows(slot, value)) continue;
      const alone = hides(slot, value);
      if (alone && !empty()) continue;
      this.pin(slot, value);
      queue.pop();
      if (alone) return;
    }
  }

  close(): Int32Array {
    const { ordinary, random } = this.options;
    return Int32Array.from(this.pins, (pin, slot) => {
      if (pin >= 0) return pin;
      const usual = ordinary[slot] as Ranges;
      const open = this.rangesOf(slot);
      const preferred = intersect(open, usual);
      const from = isEmpty(preferred) ? open : preferred;
      return nth(from, random.below(sizeOf(from)));
    });
  }
}

/** The targets of all trees, as lists by test; apart from them those that hide the rest of their row. */
class Waiting {
  readonly targets: Target[] = [];
  readonly hiding: Target[] = [];
  readonly next: Int32Array;
  private readonly tables = new Map<Trees, TestsOf>();

  constructor(trees: readonly Tree[], { hides }: PackOptions) {
    const next: number[] = [];
    for (const t of trees) {
      const tests = this.of(t);
      for (const [node, list] of t.at) {
        for (const x of list) {
          if (hides(x.slot, x.value)) {
            this.hiding.push(x);
            continue;
          }
          next.push(tests.head[node] as number);
          tests.head[node] = this.targets.push(x) - 1;
        }
      }
    }
    this.next = Int32Array.from(next);
  }

  of(tree: Tree): TestsOf {
    let tests = this.tables.get(tree.trees);
    if (!tests) {
      tests = new TestsOf(tree);
      this.tables.set(tree.trees, tests);
    }
    return tests;
  }
}

/** The tests of one table of trees: where each result leads, and what of a slot brings it. */
class TestsOf {
  readonly trees: Trees;
  readonly truth: TruthTable;
  /** First waiting target, or -1. */
  readonly head: Int32Array;
  /** Targets left at and below a test, counted along one way to each. */
  readonly below: Int32Array;
  readonly up: Int32Array;
  /** The slot, where TRUE and FALSE are a run of its values each and UNKNOWN leads to no further tests; else -1. */
  readonly slot: Int32Array;
  readonly trueFrom: Int32Array;
  readonly trueTo: Int32Array;
  readonly falseFrom: Int32Array;
  readonly falseTo: Int32Array;

  constructor({ trees, truth }: Tree) {
    this.trees = trees;
    this.truth = truth;
    const n = trees.test.length;
    this.head = new Int32Array(n).fill(-1);
    this.below = new Int32Array(n);
    this.up = new Int32Array(n).fill(-1);
    this.slot = new Int32Array(n).fill(-1);
    this.trueFrom = new Int32Array(n);
    this.trueTo = new Int32Array(n);
    this.falseFrom = new Int32Array(n);
    this.falseTo = new Int32Array(n);
    for (let node = 0; node < n; node++) {
      for (const [, next] of successors(trees, node))
        if (next >= 0 && (this.up[next] as number) < 0) this.up[next] = node;
      const row = trees.test[node] as number;
      const t = truth.isCompound(row) ? null : truth.truth(row);
      if (!t || t.whenTrue.length > 2 || t.whenFalse.length > 2) continue;
      const unknown = trees.ifUnknown[node] as number;
      // Where UNKNOWN ends the way there is nothing to go there for.
      if (
        unknown >= 0 &&
        unknown !== ALL &&
        unknown !== trees.ifTrue[node] &&
        unknown !== trees.ifFalse[node]
      ) {
        continue;
      }
      this.slot[node] = t.slot;
      [this.trueFrom[node], this.trueTo[node]] = [t.whenTrue[0] ?? 0, t.whenTrue[1] ?? 0];
      [this.falseFrom[node], this.falseTo[node]] = [t.whenFalse[0] ?? 0, t.whenFalse[1] ?? 0];
    }
  }
}

/** What is left to hit in one tree. */
class Work {
  private readonly tree: Tree;
  private readonly tests: TestsOf;
  private readonly all: Waiting;
  /** Deepest last: what is deep takes most of a row. */
  private readonly order: number[];
  remaining = 0;

  constructor(tree: Tree, all: Waiting) {
    this.tree = tree;
    this.all = all;
    this.tests = all.of(tree);
    this.order = [...tree.at.keys()];
    for (const node of this.order) {
      for (let t = this.tests.head[node] as number; t >= 0; t = all.next[t] as number) this.count(node, 1);
    }
  }

  private count(node: number, by: number): void {
    const { below, up } = this.tests;
    this.remaining += by;
    let steps = 0;
    for (let n = node; n >= 0; n = up[n] as number) {
      below[n] = (below[n] as number) + by;
      // Where trees share subtrees the ways up may not end at this root.
      if (n === this.tree.root || ++steps > 10_000) break;
    }
  }

  /** A target still waiting, or -1. */
  next(): number {
    while (this.order.length > 0) {
      const at = this.tests.head[this.order.at(-1) as number] as number;
      if (at >= 0) return at;
      this.order.pop();
    }
    return -1;
  }

  done(target: number): void {
    const { node } = this.all.targets[target] as Target;
    const { head } = this.tests;
    const { next } = this.all;
    if (head[node] === target) head[node] = next[target] as number;
    else {
      let t = head[node] as number;
      while (next[t] !== target) t = next[t] as number;
      next[t] = next[target] as number;
    }
    this.count(node, -1);
  }

  /** Goes down the tree within what the row leaves open, towards targets; true where one was hit. */
  walk(row: Row): boolean {
    if (this.remaining === 0) return false;
    const { tests, all } = this;
    const { ifTrue, ifFalse, ifUnknown } = tests.trees;
    const { below, head, slot: slots } = tests;
    const mark = row.mark();
    let kept = mark;
    let hit = false;
    let node = this.tree.root;
    for (let steps = 0; node >= 0 && steps < 10_000 && (below[node] as number) > 0; steps++) {
      for (let t = head[node] as number; t >= 0; ) {
        const following = all.next[t] as number;
        if (this.take(row, t)) {
          kept = row.mark();
          hit = true;
        }
        t = following;
      }
      const slot = slots[node] as number;
      if (slot < 0 || row.parts[slot] !== null) {
        const next = this.choose(row, node);
        if (next === undefined) break;
        node = next;
        continue;
      }
      const pin = row.pins[slot] as number;
      const low = pin >= 0 ? pin : (row.low[slot] as number);
      const high = pin >= 0 ? pin + 1 : (row.high[slot] as number);
      const [tf, tt] = [tests.trueFrom[node] as number, tests.trueTo[node] as number];
      const [ff, ft] = [tests.falseFrom[node] as number, tests.falseTo[node] as number];
      const canTrue = Math.max(low, tf) < Math.min(high, tt);
      const canFalse = Math.max(low, ff) < Math.min(high, ft);
      const yes = ifTrue[node] as number;
      const no = ifFalse[node] as number;
      if (
        canTrue &&
        (!canFalse || (yes >= 0 ? (below[yes] as number) : 0) >= (no >= 0 ? (below[no] as number) : 0))
      ) {
        if (pin < 0) row.cut(slot, tf, tt);
        node = yes;
      } else if (canFalse) {
        if (pin < 0) row.cut(slot, ff, ft);
        node = no;
      } else if (ifUnknown[node] === ALL) break;
      else node = ifUnknown[node] as number;
    }
    // Narrowed for nothing: the row stays as open as it was at the last hit.
    row.back(kept);
    return hit;
  }

  private take(row: Row, at: number): boolean {
    const t = this.all.targets[at] as Target;
    if (!row.allows(t.slot, t.value)) return false;
    if (t.context.length > 0 && !row.fits(t.context)) return false;
    if ((row.pins[t.slot] as number) < 0) row.pin(t.slot, t.value);
    if (t.context.length > 0) row.narrow(t.context);
    row.claims.push(t);
    this.done(at);
    return true;
  }

  /** The successor with most targets that the row can still reach, for tests of any kind. */
  private choose(row: Row, node: number): number | undefined {
    const { trees, truth, below } = this.tests;
    let best = 0;
    let next: number | undefined;
    let taken: Case = [];
    for (const [bit, successor] of successors(trees, node)) {
      const gain = successor >= 0 ? (below[successor] as number) : 0;
      if (gain <= best) continue;
      const found = truth.cases(trees.test[node] as number, bit).find((c) => row.fits(c));
      if (!found) continue;
      best = gain;
      next = successor;
      taken = found;
    }
    if (next !== undefined) row.narrow(taken);
    return next;
  }
}
