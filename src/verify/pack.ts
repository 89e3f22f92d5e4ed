/**
 * Rows that hit targets, many to a row: each begins with one target and its path; then the other trees are walked
 * within what is still open, towards their targets, and what they need is fixed too. What stays open is filled with
 * ordinary values.
 */
import type { Domain } from './domain.ts';
import type { Random } from './random.ts';
import { has, intersect, isEmpty, nth, type Ranges, sizeOf } from './ranges.ts';
import { type Link, successors, type Target, type Tree } from './targets.ts';
import type { Case } from './truth.ts';

/** Rows by slot as indices into the domains, and which targets each was made for. */
export interface Packed {
  readonly rows: readonly Int32Array[];
  readonly claims: readonly (readonly Target[])[];
  /** Targets that no row was made for: the limit of rows was met. */
  readonly left: number;
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
const patience = 12;

export const pack = (options: PackOptions): Packed => {
  const { trees, loose, limit } = options;
  const rows: Int32Array[] = [];
  const claims: Target[][] = [];
  const row = new Row(options);
  const work = trees.filter((t) => t.at.size > 0).map((t) => new Work(t));
  const queues = loose.map((values) => [...values].reverse());
  const emit = () => {
    rows.push(row.close());
    claims.push([...row.claims]);
  };

  let left = 0;
  let first = 0;
  while (work.length > 0) {
    const w = work[first % work.length] as Work;
    const seed = w.next();
    if (!seed) {
      work.splice(first % work.length, 1);
      continue;
    }
    if (rows.length >= limit) {
      left += 1 + w.remaining;
      work.splice(first % work.length, 1);
      continue;
    }
    row.open();
    row.seed(seed);
    w.done(seed);
    if (!options.hides(seed.slot, seed.value)) {
      w.walk(row, options);
      let idle = 0;
      for (let k = 1; k < work.length && idle < patience && row.openSlots > 0; k++) {
        idle = (work[(first + k) % work.length] as Work).walk(row, options) ? 0 : idle + 1;
      }
      row.takeLoose(queues, options);
    }
    emit();
    first++;
  }
  while (queues.some((q) => q.length > 0) && rows.length < limit) {
    row.open();
    row.takeLoose(queues, options);
    emit();
  }
  return { rows, claims, left: left + queues.reduce((n, q) => n + q.length, 0) };
};

/** A row being made. */
class Row {
  private readonly ranges: (Ranges | null)[];
  private readonly pins: Int32Array;
  private readonly options: PackOptions;
  private readonly undo: { slot: number; ranges: Ranges | null; pin: number }[] = [];
  claims: Target[] = [];
  openSlots = 0;

  constructor(options: PackOptions) {
    this.options = options;
    this.ranges = options.domains.map(() => null);
    this.pins = new Int32Array(options.domains.length);
  }

  open(): void {
    this.ranges.fill(null);
    this.pins.fill(-1);
    this.claims = [];
    this.openSlots = this.pins.length;
    this.undo.length = 0;
  }

  mark(): number {
    return this.undo.length;
  }

  back(mark: number): void {
    while (this.undo.length > mark) {
      const u = this.undo.pop() as { slot: number; ranges: Ranges | null; pin: number };
      if ((this.pins[u.slot] as number) >= 0 && u.pin < 0) this.openSlots++;
      this.ranges[u.slot] = u.ranges;
      this.pins[u.slot] = u.pin;
    }
  }

  seed(target: Target): void {
    // The link nearest to the test is the narrowest of its slot.
    for (let l: Link | null = target.box; l; l = l.parent) {
      if (this.ranges[l.slot] === null) this.ranges[l.slot] = l.ranges;
    }
    this.pin(target.slot, target.value);
    this.claims.push(target);
  }

  private save(slot: number): void {
    this.undo.push({ slot, ranges: this.ranges[slot] ?? null, pin: this.pins[slot] as number });
  }

  pin(slot: number, value: number): void {
    this.save(slot);
    if ((this.pins[slot] as number) < 0) this.openSlots--;
    this.pins[slot] = value;
  }

  pinned(slot: number): number {
    return this.pins[slot] as number;
  }

  allows(slot: number, value: number): boolean {
    const pin = this.pins[slot] as number;
    if (pin >= 0) return pin === value;
    const r = this.ranges[slot];
    return !r || has(r, value);
  }

  /** Could every slot be within the case? */
  fits(c: Case): boolean {
    for (const { slot, ranges } of c) {
      const pin = this.pins[slot] as number;
      if (pin >= 0 ? !has(ranges, pin) : isEmpty(this.within(slot, ranges))) return false;
    }
    return true;
  }

  private within(slot: number, ranges: Ranges): Ranges {
    const r = this.ranges[slot];
    return r ? intersect(r, ranges) : ranges;
  }

  narrow(c: Case): void {
    for (const { slot, ranges } of c) {
      if ((this.pins[slot] as number) >= 0) continue;
      const within = this.within(slot, ranges);
      this.save(slot);
      this.ranges[slot] = within;
    }
  }

  /** Fixes one waiting value a slot, where the row leaves it open. */
  takeLoose(queues: readonly number[][], { hides }: PackOptions): void {
    const alone = this.claims.length === 0 && this.openSlots === this.pins.length;
    for (let slot = 0; slot < queues.length; slot++) {
      const queue = queues[slot] as number[];
      const value = queue.at(-1);
      if (value === undefined || (this.pins[slot] as number) >= 0 || !this.allows(slot, value)) continue;
      if (hides(slot, value)) {
        if (!alone || this.openSlots < this.pins.length) continue;
        this.pin(slot, value);
        queue.pop();
        return;
      }
      this.pin(slot, value);
      queue.pop();
    }
  }

  close(): Int32Array {
    const { domains, ordinary, random } = this.options;
    return Int32Array.from(this.pins, (pin, slot) => {
      if (pin >= 0) return pin;
      const usual = ordinary[slot] as Ranges;
      const r = this.ranges[slot];
      const preferred = r ? intersect(r, usual) : usual;
      const from = isEmpty(preferred) ? (r ?? [0, (domains[slot] as Domain).values.length]) : preferred;
      return nth(from, random.below(sizeOf(from)));
    });
  }
}

/** What is left to hit in one tree. */
class Work {
  private readonly tree: Tree;
  private readonly waiting = new Map<number, Target[]>();
  /** Targets left at and below a test, counted along one path to each. */
  private readonly below = new Map<number, number>();
  private readonly up = new Map<number, number>();
  private readonly order: number[];
  remaining = 0;

  constructor(tree: Tree) {
    this.tree = tree;
    this.order = [...tree.at.keys()].reverse();
    for (const node of tree.at.keys()) {
      for (const [, next] of successors(tree.trees, node)) {
        if (next >= 0 && !this.up.has(next)) this.up.set(next, node);
      }
    }
    for (const [node, list] of tree.at) {
      this.waiting.set(node, [...list]);
      this.count(node, list.length);
    }
  }

  private count(node: number, by: number): void {
    this.remaining += by;
    let steps = 0;
    for (let n: number | undefined = node; n !== undefined; n = this.up.get(n)) {
      this.below.set(n, (this.below.get(n) ?? 0) + by);
      if (n === this.tree.root || ++steps > 100_000) break;
    }
  }

  next(): Target | undefined {
    while (this.order.length > 0) {
      const list = this.waiting.get(this.order.at(-1) as number) as Target[];
      if (list.length > 0) return list.at(-1);
      this.order.pop();
    }
    return undefined;
  }

  done(target: Target): void {
    const list = this.waiting.get(target.node) as Target[];
    list.splice(list.indexOf(target), 1);
    this.count(target.node, -1);
  }

  /** Goes down the tree within what the row leaves open, towards targets; true where one was hit. */
  walk(row: Row, { hides }: PackOptions): boolean {
    if (this.remaining === 0) return false;
    const { trees, truth, root } = this.tree;
    const mark = row.mark();
    let kept = mark;
    let hit = false;
    let node = root;
    for (let steps = 0; node >= 0 && steps < 100_000; steps++) {
      const list = this.waiting.get(node) as Target[] | undefined;
      if (list) {
        for (let i = list.length - 1; i >= 0; i--) {
          const t = list[i] as Target;
          if (!row.allows(t.slot, t.value) || !row.fits(t.context)) continue;
          if (row.pinned(t.slot) < 0) {
            if (hides(t.slot, t.value)) continue;
            row.pin(t.slot, t.value);
          }
          row.narrow(t.context);
          row.claims.push(t);
          this.done(t);
          kept = row.mark();
          hit = true;
        }
      }
      let best = -1;
      let next: number | undefined;
      let taken: Case = [];
      for (const [bit, successor] of successors(trees, node)) {
        const gain = successor >= 0 ? (this.below.get(successor) ?? 0) : 0;
        if (gain <= best) continue;
        const found = truth.cases(trees.test[node] as number, bit).find((c) => row.fits(c));
        if (!found) continue;
        best = gain;
        next = successor;
        taken = found;
      }
      if (next === undefined || best === 0) break;
      row.narrow(taken);
      node = next;
    }
    // Narrowed for nothing: the row stays as open as it was at the last hit.
    row.back(kept);
    return hit;
  }
}
