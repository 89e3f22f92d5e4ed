import type { Data } from '../tensor/data.ts';

/**
 * A table of predicates with results TRUE, FALSE and UNKNOWN, shared by trees, rule sets, scorecards and
 * segment guards. Row `p` of the table is predicate `p`; a compound one refers to rows before it.
 */
export interface Predicates {
  readonly kind: Uint8Array;
  /** The column tested (index into the operator's column inputs); -1 where none is. */
  readonly column: Int32Array;
  /** Index of the literal compared with: into `numbers` or `strings` as the column's dtype asks. */
  readonly literal: Int32Array;
  readonly numbers: Data;
  readonly strings: readonly string[];
  /** `in`, `notIn`: a range of `members` (literal indices). `and`, `or`, `xor`, `surrogate`: a range of `args` (predicate rows). */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly members: Int32Array;
  readonly args: Int32Array;
  /** What counts as absent beside a missing element: `absent` bits. */
  readonly absent: Uint8Array;
}

/** The kinds, by their number in the table. */
export const predicateKinds = [
  'true',
  'false',
  'lt',
  'le',
  'gt',
  'ge',
  'eq',
  'ne',
  'in',
  'notIn',
  'isMissing',
  'isNotMissing',
  'and',
  'or',
  'xor',
  'surrogate',
] as const;

export type PredicateKind = (typeof predicateKinds)[number];

export const KIND = Object.fromEntries(predicateKinds.map((k, i) => [k, i])) as Readonly<
  Record<PredicateKind, number>
>;

/** Bits of `Predicates.absent`. A missing element makes a test UNKNOWN always; these widen it. */
export const ABSENT = {
  /** NaN is as good as missing (XGBoost, scikit-learn, PMML); else it compares as IEEE says. */
  nan: 1,
  /** Zero, and what is within 1e-35 of it, is as good as missing (LightGBM, zero_as_missing). */
  zero: 2,
  /** Missing reads as 0 and compares (LightGBM, missing type None). Wins over the others. */
  asZero: 4,
} as const;

export const UNKNOWN = 2;
export const TRUE = 1;
export const FALSE = 0;

/** Collects predicates; equal ones become one row. */
export class PredicateTable {
  private readonly kinds: number[] = [];
  private readonly columns: number[] = [];
  private readonly literals: number[] = [];
  private readonly froms: number[] = [];
  private readonly tos: number[] = [];
  private readonly members: number[] = [];
  private readonly args: number[] = [];
  private readonly absents: number[] = [];
  private readonly numbers: number[] = [];
  private readonly strings: string[] = [];
  private readonly numberAt = new Map<number | string, number>();
  private readonly stringAt = new Map<string, number>();
  private readonly rowAt = new Map<string, number>();

  get size(): number {
    return this.kinds.length;
  }

  private literalIndex(value: number | string): number {
    if (typeof value === 'string') {
      let at = this.stringAt.get(value);
      if (at === undefined) {
        at = this.strings.push(value) - 1;
        this.stringAt.set(value, at);
      }
      return at;
    }
    const key = Object.is(value, -0) ? '-0' : value;
    let at = this.numberAt.get(key);
    if (at === undefined) {
      at = this.numbers.push(value) - 1;
      this.numberAt.set(key, at);
    }
    return at;
  }

  private row(
    kind: PredicateKind,
    column: number,
    literal: number,
    range: readonly number[],
    compound: boolean,
    absent: number,
  ): number {
    const key = `${kind}|${column}|${literal}|${range.join(',')}|${absent}`;
    const known = this.rowAt.get(key);
    if (known !== undefined) return known;
    const list = compound ? this.args : this.members;
    const from = list.length;
    for (const x of range) list.push(x);
    const at = this.kinds.push(KIND[kind]) - 1;
    this.columns.push(column);
    this.literals.push(literal);
    this.froms.push(from);
    this.tos.push(list.length);
    this.absents.push(absent);
    this.rowAt.set(key, at);
    return at;
  }

  constant(kind: 'true' | 'false'): number {
    return this.row(kind, -1, -1, [], false, 0);
  }

  compare(
    kind: 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne',
    column: number,
    literal: number | string,
    absent: number = ABSENT.nan,
  ): number {
    return this.row(kind, column, this.literalIndex(literal), [], false, absent);
  }

  membership(
    kind: 'in' | 'notIn',
    column: number,
    values: readonly (number | string)[],
    absent: number = ABSENT.nan,
  ): number {
    const sorted = [...new Set(values.map((v) => this.literalIndex(v)))].sort((a, b) => a - b);
    return this.row(kind, column, -1, sorted, false, absent);
  }

  presence(kind: 'isMissing' | 'isNotMissing', column: number, absent: number = ABSENT.nan): number {
    return this.row(kind, column, -1, [], false, absent);
  }

  compound(kind: 'and' | 'or' | 'xor' | 'surrogate', args: readonly number[]): number {
    for (const a of args) {
      if (!(a >= 0 && a < this.kinds.length)) throw new Error(`predicate ${a} does not exist yet`);
    }
    return this.row(kind, -1, -1, args, true, 0);
  }

  /** The finished table; numbers become handles in the dtype that the tests compare in. */
  build(numbers: (values: readonly number[]) => Data): Predicates {
    return {
      kind: Uint8Array.from(this.kinds),
      column: Int32Array.from(this.columns),
      literal: Int32Array.from(this.literals),
      numbers: numbers(this.numbers),
      strings: [...this.strings],
      from: Int32Array.from(this.froms),
      to: Int32Array.from(this.tos),
      members: Int32Array.from(this.members),
      args: Int32Array.from(this.args),
      absent: Uint8Array.from(this.absents),
    };
  }
}
