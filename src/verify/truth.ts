/** Predicates over the finite domains: for which values of a slot a test is TRUE, FALSE or UNKNOWN. */
import type { Value } from '../ir/model.ts';
import { ABSENT, KIND, nearZero, type Predicates } from '../ir/predicates.ts';
import { load } from '../tensor/data.ts';
import { type DType, isFloat } from '../tensor/dtype.ts';
import { rounder } from '../tensor/float.ts';
import { numbers } from '../tensor/tensor.ts';
import { membersOf } from './critical.ts';
import { type Domain, type Domains, lowerBound, type Response } from './domain.ts';
import type { TestTable } from './probe.ts';
import { all, complement, intersect, isEmpty, type Ranges, union, where } from './ranges.ts';

/** Sets of results, as bits. */
export const RESULT = { false: 1, true: 2, unknown: 4 } as const;

/** Where a slot must lie. */
interface Constraint {
  readonly slot: number;
  readonly ranges: Ranges;
}

/** Slots constrained together. A predicate gives a result in any of several cases. */
export type Case = readonly Constraint[];

/** A simple predicate over the slot it depends on. */
export interface Truth {
  readonly slot: number;
  readonly whenTrue: Ranges;
  readonly whenFalse: Ranges;
  readonly whenUnknown: Ranges;
}

/** A simple predicate inside a test, and where the other ones must be for it to decide. */
export interface Leaf {
  readonly predicate: number;
  readonly context: readonly Case[];
}

/** Combinations beyond this are left out: such a test is then not proven unreachable. */
const manyCases = 24;

const free: readonly Case[] = [[]];

/** Three-valued comparison as the predicate table defines it. Written apart from the evaluator's own. */
export class Holds {
  private readonly p: Predicates;
  private readonly literals: readonly ArrayLike<number>[];

  /** `dtypes` of the columns: a literal is rounded to the dtype it is compared in. */
  constructor(p: Predicates, dtypes: readonly DType[]) {
    this.p = p;
    const read = numbers(load(p.numbers));
    this.literals = dtypes.map((d) => (isFloat(d) ? Float64Array.from(read, rounder(d)) : read));
  }

  /** The number at an index of the table's literals, as column `column` is compared with it. */
  number(column: number, literal: number): number {
    return this.literals[column]?.[literal] ?? Number.NaN;
  }

  literal(row: number): number {
    const { column, literal } = this.p;
    return this.number(column[row] as number, literal[row] as number);
  }

  /** A simple predicate on one element; a bit of RESULT. */
  simple(row: number, given: number | string, givenMissing: boolean): number {
    const { p } = this;
    const kind = p.kind[row] as number;
    if (kind === KIND.true) return RESULT.true;
    if (kind === KIND.false) return RESULT.false;
    const bits = p.absent[row] as number;
    let x = given;
    let absent = givenMissing;
    if (typeof x === 'number' && !absent) {
      if (bits & (ABSENT.nan | ABSENT.asZero) && Number.isNaN(x)) absent = true;
      else if (bits & ABSENT.zero && Math.abs(x) <= nearZero) absent = true;
    }
    if (absent && bits & ABSENT.asZero) {
      absent = false;
      x = 0;
    }
    if (kind === KIND.isMissing) return absent ? RESULT.true : RESULT.false;
    if (kind === KIND.isNotMissing) return absent ? RESULT.false : RESULT.true;
    if (absent) return RESULT.unknown;
    return this.compare(row, kind, x) ? RESULT.true : RESULT.false;
  }

  private compare(row: number, kind: number, x: number | string): boolean {
    const { p } = this;
    const of = (i: number) =>
      typeof x === 'string' ? (p.strings[i] as string) : this.number(p.column[row] as number, i);
    if (kind === KIND.in || kind === KIND.notIn) {
      let inside = false;
      for (const m of membersOf(p, row)) inside ||= of(m) === x;
      return inside === (kind === KIND.in);
    }
    const y = of(p.literal[row] as number);
    switch (kind) {
      case KIND.lt:
        return x < y;
      case KIND.le:
        return x <= y;
      case KIND.gt:
        return x > y;
      case KIND.ge:
        return x >= y;
      case KIND.eq:
        return x === y;
      default:
        return x !== y;
    }
  }
}

/** The predicates of one table, over the domains of the slots behind its columns. */
export class TruthTable {
  readonly predicates: Predicates;
  readonly holds: Holds;
  /** Was a combination left out? Then what is not found reachable is not proven unreachable. */
  incomplete = false;
  private readonly domains: readonly Domain[];
  private readonly responses: readonly (Response | undefined)[];
  private readonly truths = new Map<number, Truth | null>();
  private readonly known = new Map<number, readonly Case[]>();
  private readonly leavesOf = new Map<number, readonly Leaf[]>();
  private readonly interests = new Map<number, readonly number[]>();

  constructor(table: TestTable, { domains, response }: Domains) {
    this.predicates = table.predicates;
    this.holds = new Holds(table.predicates, table.columns.map(dtypeOf));
    this.domains = domains;
    this.responses = table.columns.map((v: Value) => response(v, 0));
  }

  isCompound(row: number): boolean {
    return (this.predicates.kind[row] as number) >= KIND.and;
  }

  /** Is the predicate a comparison with a number? */
  isThreshold(row: number): boolean {
    const kind = this.predicates.kind[row] as number;
    const response = this.responses[this.predicates.column[row] as number];
    return kind >= KIND.lt && kind <= KIND.ne && response?.numbers !== null;
  }

  /** Does it read a value that depends on several slots, or on none? */
  isOpaque(row: number): boolean {
    return this.isCompound(row) ? this.args(row).some((a) => this.isOpaque(a)) : this.truth(row) === null;
  }

  /** null: constant, or of a column that depends on several slots. */
  truth(row: number): Truth | null {
    let t = this.truths.get(row);
    if (t === undefined) {
      t = this.compute(row);
      this.truths.set(row, t);
    }
    return t;
  }

  private compute(row: number): Truth | null {
    const p = this.predicates;
    const response = this.responses[p.column[row] as number];
    if (!response) return null;
    const { numbers, strings, missing } = response;
    const domain = this.domains[response.slot.index] as Domain;
    const count = domain.values.length;
    const result = (i: number) =>
      this.holds.simple(
        row,
        numbers ? (numbers[i] as number) : ((strings as readonly string[])[i] as string),
        missing?.[i] === 1,
      );
    const kind = p.kind[row] as number;
    const sorted =
      response.ascending &&
      numbers &&
      kind >= KIND.lt &&
      kind <= KIND.ge &&
      !(Number(p.absent[row]) & ABSENT.zero);
    if (!sorted) {
      const whenTrue = where(count, (i) => result(i) === RESULT.true);
      const whenUnknown = where(count, (i) => result(i) === RESULT.unknown);
      return {
        slot: response.slot.index,
        whenTrue,
        whenUnknown,
        whenFalse: complement(union(whenTrue, whenUnknown), count),
      };
    }
    // Over the numbers in order a comparison changes once; what stands behind them is looked at singly.
    const t = this.holds.literal(row);
    const at =
      kind === KIND.lt || kind === KIND.ge
        ? lowerBound(numbers, t, domain.numeric)
        : upperBound(numbers, t, domain.numeric);
    const below = kind === KIND.lt || kind === KIND.le;
    const rest = (bit: number) => where(count, (i) => result(i) === bit, domain.numeric);
    const low = all(at);
    const high: Ranges = at < domain.numeric ? [at, domain.numeric] : [];
    return {
      slot: response.slot.index,
      whenTrue: union(below ? low : high, rest(RESULT.true)),
      whenFalse: union(below ? high : low, rest(RESULT.false)),
      whenUnknown: rest(RESULT.unknown),
    };
  }

  /** The cases in which the predicate's result is one of `results`. An opaque test constrains nothing. */
  cases(row: number, results: number): readonly Case[] {
    const key = row * 8 + results;
    let found = this.known.get(key);
    if (!found) {
      found = this.computeCases(row, results);
      this.known.set(key, found);
    }
    return found;
  }

  private computeCases(row: number, results: number): readonly Case[] {
    const p = this.predicates;
    const kind = p.kind[row] as number;
    if (kind === KIND.true) return results & RESULT.true ? free : [];
    if (kind === KIND.false) return results & RESULT.false ? free : [];
    if (kind >= KIND.and) return this.compoundCases(row, results);
    const t = this.truth(row);
    if (!t) return free;
    let ranges: Ranges = [];
    if (results & RESULT.true) ranges = union(ranges, t.whenTrue);
    if (results & RESULT.false) ranges = union(ranges, t.whenFalse);
    if (results & RESULT.unknown) ranges = union(ranges, t.whenUnknown);
    return isEmpty(ranges) ? [] : [[{ slot: t.slot, ranges }]];
  }

  args(row: number): readonly number[] {
    const p = this.predicates;
    return [...p.args.subarray(p.from[row], p.to[row])];
  }

  private compoundCases(row: number, results: number): readonly Case[] {
    const args = this.args(row);
    const kind = this.predicates.kind[row] as number;
    const { true: T, false: F, unknown: U } = RESULT;
    const every = (bits: number) => this.product(args.map((a) => this.cases(a, bits)));
    const oneWith = (bits: number, others: number) =>
      args.flatMap((a) => this.product(args.map((b) => this.cases(b, b === a ? bits : others))));
    const out: Case[] = [];
    if (kind === KIND.and || kind === KIND.or) {
      // FALSE decides an `and`, TRUE an `or`.
      const [decides, keeps] = kind === KIND.and ? [F, T] : [T, F];
      if (results & decides) out.push(...oneWith(decides, T | F | U));
      if (results & keeps) out.push(...every(keeps));
      if (results & U) out.push(...oneWith(U, keeps | U));
    } else if (kind === KIND.xor) {
      if (results & U) out.push(...oneWith(U, T | F | U));
      for (const [bit, parity] of [
        [T, 1],
        [F, 0],
      ] as const) {
        if (results & bit) out.push(...this.parityCases(args, parity));
      }
    } else {
      // surrogate: the first that is not UNKNOWN.
      for (const bit of [T, F]) {
        if (!(results & bit)) continue;
        for (let i = 0; i < args.length; i++) {
          out.push(...this.product(args.slice(0, i + 1).map((a, j) => this.cases(a, j < i ? U : bit))));
        }
      }
      if (results & U) out.push(...every(U));
    }
    return this.limited(out);
  }

  private parityCases(args: readonly number[], parity: number): Case[] {
    const { true: T, false: F } = RESULT;
    const out: Case[] = [];
    for (let mask = 0; mask < 2 ** Math.min(args.length, 4); mask++) {
      let ones = 0;
      const parts = args.map((a, i) => {
        const on = (mask >> i) & 1;
        ones += on;
        return this.cases(a, on ? T : F);
      });
      if (ones % 2 === parity) out.push(...this.product(parts));
    }
    return out;
  }

  private limited(cases: readonly Case[]): readonly Case[] {
    if (cases.length <= manyCases) return cases;
    this.incomplete = true;
    return cases.slice(0, manyCases);
  }

  /** All of the parts at once, contradictions left out. */
  private product(parts: readonly (readonly Case[])[]): Case[] {
    let out: Case[] = [[]];
    for (const part of parts) {
      const next: Case[] = [];
      for (const a of out) {
        for (const b of part) {
          const merged = merge(a, b);
          if (merged) next.push(merged);
        }
      }
      out = [...this.limited(next)];
    }
    return out;
  }

  /** The simple predicates of a test, each with the cases in which it alone decides. */
  leaves(row: number): readonly Leaf[] {
    let found = this.leavesOf.get(row);
    if (!found) {
      found = this.computeLeaves(row);
      this.leavesOf.set(row, found);
    }
    return found;
  }

  private computeLeaves(row: number): readonly Leaf[] {
    const out: Leaf[] = [];
    const walk = (r: number, context: readonly Case[]) => {
      if (context.length === 0 || out.length > 256) return;
      if (!this.isCompound(r)) {
        if ((this.predicates.kind[r] as number) > KIND.false) out.push({ predicate: r, context });
        return;
      }
      const { true: T, false: F, unknown: U } = RESULT;
      const kind = this.predicates.kind[r];
      const others = kind === KIND.and ? T : kind === KIND.or ? F : T | F;
      const args = this.args(r);
      args.forEach((a, i) => {
        if (kind === KIND.surrogate) {
          walk(a, this.product([context, ...args.slice(0, i).map((b) => this.cases(b, U))]));
          return;
        }
        const rest = (results: number) => args.filter((b) => b !== a).map((b) => this.cases(b, results));
        // Beside UNKNOWN an argument still decides between UNKNOWN and the other result: second choice.
        const decisive = this.product([context, ...rest(others)]);
        walk(a, kind === KIND.xor ? decisive : [...decisive, ...this.product([context, ...rest(U)])]);
      });
    };
    walk(row, free);
    return out;
  }

  /**
   * The values of its slot on which a mistake in a simple predicate shows: the constant and its neighbours, either
   * side of every flip, every category (of many: those named, and some others), missing.
   */
  interest(row: number): readonly number[] {
    let list = this.interests.get(row);
    if (!list) {
      list = this.computeInterest(row);
      this.interests.set(row, list);
    }
    return list;
  }

  private computeInterest(row: number): readonly number[] {
    const t = this.truth(row);
    if (!t) return [];
    const p = this.predicates;
    const { values, numeric } = this.domains[t.slot] as Domain;
    const response = this.responses[p.column[row] as number] as Response;
    const found = new Set<number>();
    const add = (i: number) => {
      if (i >= 0 && i < numeric) found.add(i);
    };
    const kind = p.kind[row] as number;
    if (numeric === 0) {
      // Categories. The last one is missing, where it may be.
      if (values.length <= 64) for (let i = 0; i < values.length; i++) found.add(i);
      else {
        for (const ranges of [t.whenTrue, t.whenFalse, t.whenUnknown]) {
          for (const i of spread(ranges, 24)) found.add(i);
        }
        found.add(values.length - 1);
        found.add(values.length - 2);
      }
    } else {
      const literals =
        kind >= KIND.lt && kind <= KIND.ne
          ? [this.holds.literal(row)]
          : Array.from(membersOf(p, row), (m) => this.holds.number(p.column[row] as number, m));
      if (response.numbers && response.ascending) {
        for (const x of literals) {
          const from = lowerBound(response.numbers, x, numeric);
          const to = upperBound(response.numbers, x, numeric);
          if (to - from > 4) continue;
          for (let i = from - 1; i <= to; i++) add(i);
        }
      }
      for (const ranges of [t.whenTrue, t.whenUnknown]) {
        for (const e of ranges.slice(0, 64)) {
          // Where the numbers begin and end nothing flips.
          if (e === 0 || e >= numeric) continue;
          add(e - 1);
          add(e);
        }
      }
      for (let i = numeric; i < values.length; i++) if (i === values.length - 1) found.add(i);
    }
    return [...found];
  }
}

const dtypeOf = ({ type }: Value): DType => (type.kind === 'tensor' ? type.dtype : 'float64');

/** Some indices of a set, spread over it. */
const spread = (ranges: Ranges, most: number): number[] => {
  const out: number[] = [];
  for (let i = 0; i < ranges.length && out.length < most; i += 2) {
    for (let k = ranges[i] as number; k < (ranges[i + 1] as number) && out.length < most; k++) out.push(k);
  }
  return out;
};

const merge = (a: Case, b: Case): Case | null => {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const out = [...a];
  for (const c of b) {
    const at = out.findIndex((x) => x.slot === c.slot);
    if (at < 0) {
      out.push(c);
      continue;
    }
    const ranges = intersect((out[at] as Constraint).ranges, c.ranges);
    if (isEmpty(ranges)) return null;
    out[at] = { slot: c.slot, ranges };
  }
  return out;
};

const upperBound = (sorted: ArrayLike<number>, x: number, end: number): number => {
  let low = 0;
  let high = end;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((sorted[mid] as number) <= x) low = mid + 1;
    else high = mid;
  }
  return low;
};
