import type { Data } from '../tensor/data.ts';

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
  private readonly roots: number[] = [];
  private readonly tests: number[] = [];
  private readonly trues: number[] = [];
  private readonly falses: number[] = [];
  private readonly unknowns: number[] = [];
  private readonly shares: number[] = [];
  private readonly idList: string[] = [];
  private spread = false;

  get outcomes(): number {
    return this.idList.length;
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
    const at = this.tests.push(predicate) - 1;
    this.trues.push(ifTrue);
    this.falses.push(ifFalse);
    this.unknowns.push(ifUnknown);
    this.shares.push(1, 1);
    return at;
  }

  link(test: number, ifTrue: number, ifFalse: number, ifUnknown: number): void {
    this.trues[test] = ifTrue;
    this.falses[test] = ifFalse;
    this.unknowns[test] = ifUnknown;
  }

  /** Under UNKNOWN both successors are taken, with these weights. */
  share(test: number, whenTrue: number, whenFalse: number): void {
    this.unknowns[test] = ALL;
    this.shares[2 * test] = whenTrue;
    this.shares[2 * test + 1] = whenFalse;
    this.spread = true;
  }

  root(successor: number): number {
    return this.roots.push(successor) - 1;
  }

  build(floats: (values: readonly number[], dims: readonly number[]) => Data): Trees {
    return {
      roots: Int32Array.from(this.roots),
      test: Int32Array.from(this.tests),
      ifTrue: Int32Array.from(this.trues),
      ifFalse: Int32Array.from(this.falses),
      ifUnknown: Int32Array.from(this.unknowns),
      outcomes: this.idList.length,
      share: this.spread ? floats(this.shares, [this.tests.length, 2]) : null,
      ids: [...this.idList],
    };
  }
}
