import type { Data } from '../tensor/data.ts';
import { type DType, isFloat, isNumeric } from '../tensor/dtype.ts';
import { fail, type Place } from './diagnostic.ts';
import { Bytes, Ints, NumberSet } from './growing.ts';

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
  /** Zero, and what is within `nearZero` of it, is as good as missing (LightGBM, zero_as_missing). */
  zero: 2,
  /** Missing, and NaN, reads as 0 and compares (LightGBM, missing type None). Wins over the others. */
  asZero: 4,
} as const;

/** What LightGBM takes for zero: its threshold is the float 1e-35, widened. */
export const nearZero = Math.fround(1e-35);

export const UNKNOWN = 2;
export const TRUE = 1;
export const FALSE = 0;

/** Collects predicates; equal ones become one row. */
export class PredicateTable {
  private readonly kinds = new Bytes();
  private readonly columns = new Ints();
  private readonly literals = new Ints();
  private readonly froms = new Ints();
  private readonly tos = new Ints();
  private readonly members = new Ints();
  private readonly args = new Ints();
  private readonly absents = new Bytes();
  private readonly numbers = new NumberSet();
  private readonly strings: string[] = [];
  private readonly stringAt = new Map<string, number>();
  private readonly rowAt = new Map<string, number>();
  /** By literal, the newest row that compares with it; by row, the one before with the same literal. -1: none. */
  private readonly newest = new Ints();
  private readonly next = new Ints();

  get size(): number {
    return this.kinds.length;
  }

  private literalIndex(value: number | string): number {
    if (typeof value === 'number') return this.numbers.index(value);
    let at = this.stringAt.get(value);
    if (at === undefined) {
      at = this.strings.push(value) - 1;
      this.stringAt.set(value, at);
    }
    return at;
  }

  private add(kind: PredicateKind, column: number, literal: number, absent: number): number {
    const at = this.kinds.push(KIND[kind]);
    this.columns.push(column);
    this.literals.push(literal);
    this.absents.push(absent);
    this.next.push(-1);
    return at;
  }

  /** A row that lists literals or other rows. */
  private listing(
    kind: PredicateKind,
    column: number,
    range: readonly number[],
    list: Ints,
    absent: number,
  ): number {
    const key = `${kind}|${column}|${range.join(',')}|${absent}`;
    const known = this.rowAt.get(key);
    if (known !== undefined) return known;
    const at = this.add(kind, column, -1, absent);
    this.froms.push(list.length);
    for (const x of range) list.push(x);
    this.tos.push(list.length);
    this.rowAt.set(key, at);
    return at;
  }

  constant(kind: 'true' | 'false'): number {
    return this.listing(kind, -1, [], this.members, 0);
  }

  /** A forest has a row a threshold: what compares with the same literal is a short chain, found without hashing text. */
  compare(
    kind: 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne',
    column: number,
    literal: number | string,
    absent: number = ABSENT.nan,
  ): number {
    const { newest, next, members } = this;
    const code = KIND[kind];
    const index = this.literalIndex(literal);
    while (newest.length <= index) newest.push(-1);
    for (let at = newest.at(index); at >= 0; at = next.at(at)) {
      if (this.kinds.at(at) === code && this.columns.at(at) === column && this.absents.at(at) === absent)
        return at;
    }
    const at = this.add(kind, column, index, absent);
    this.froms.push(members.length);
    this.tos.push(members.length);
    next.set(at, newest.at(index));
    newest.set(index, at);
    return at;
  }

  membership(
    kind: 'in' | 'notIn',
    column: number,
    values: readonly (number | string)[],
    absent: number = ABSENT.nan,
  ): number {
    const sorted = [...new Set(values.map((v) => this.literalIndex(v)))].sort((a, b) => a - b);
    return this.listing(kind, column, sorted, this.members, absent);
  }

  presence(kind: 'isMissing' | 'isNotMissing', column: number, absent: number = ABSENT.nan): number {
    return this.listing(kind, column, [], this.members, absent);
  }

  compound(kind: 'and' | 'or' | 'xor' | 'surrogate', args: readonly number[]): number {
    for (const a of args) {
      if (!(a >= 0 && a < this.size)) throw new Error(`predicate ${a} does not exist yet`);
    }
    return this.listing(kind, -1, args, this.args, 0);
  }

  /** What row `at` always is; undefined where that depends on the columns. */
  always(at: number): boolean | undefined {
    const kind = this.kinds.at(at);
    return kind === KIND.true ? true : kind === KIND.false ? false : undefined;
  }

  /** The rows that a surrogate predicate tries in turn; undefined for any other. */
  surrogates(at: number): Int32Array | undefined {
    if (this.kinds.at(at) !== KIND.surrogate) return undefined;
    return Int32Array.from({ length: this.tos.at(at) - this.froms.at(at) }, (_, i) =>
      this.args.at(this.froms.at(at) + i),
    );
  }

  /** Is row `b` TRUE exactly where `a` is FALSE, and UNKNOWN where `a` is? What is not seen at once is denied. */
  excludes(a: number, b: number): boolean {
    if (opposites[this.kinds.at(a)] !== this.kinds.at(b)) return false;
    if (this.columns.at(a) !== this.columns.at(b) || this.absents.at(a) !== this.absents.at(b)) return false;
    const literal = this.literals.at(a);
    if (literal >= 0) {
      // With NaN every comparison is FALSE, the opposite one too.
      const nan = literal < this.numbers.values.length && Number.isNaN(this.numbers.values.at(literal));
      return literal === this.literals.at(b) && !nan;
    }
    const [from, count] = [this.froms.at(a), this.tos.at(a) - this.froms.at(a)];
    const other = this.froms.at(b);
    if (this.tos.at(b) - other !== count) return false;
    for (let i = 0; i < count; i++) {
      if (this.members.at(from + i) !== this.members.at(other + i)) return false;
    }
    return true;
  }

  /** The finished table; numbers become handles in the dtype that the tests compare in. */
  build(numbers: (values: ArrayLike<number>) => Data): Predicates {
    return {
      kind: this.kinds.take(),
      column: this.columns.take(),
      literal: this.literals.take(),
      numbers: numbers(this.numbers.values.take()),
      strings: [...this.strings],
      from: this.froms.take(),
      to: this.tos.take(),
      members: this.members.take(),
      args: this.args.take(),
      absent: this.absents.take(),
    };
  }
}

/** By kind, the kind that is TRUE where it is FALSE; -1 where there is none. */
const opposites: readonly number[] = predicateKinds.map((kind) => {
  const pairs = ['lt ge', 'le gt', 'eq ne', 'in notIn'].map((pair) => pair.split(' '));
  const pair = pairs.find((p) => p.includes(kind));
  return pair ? KIND[pair.find((k) => k !== kind) as PredicateKind] : -1;
});

/** Compound predicates may nest so deep; each level is a call for whoever evaluates or prints them. */
const deepest = 1000;

const checked = new WeakMap<Predicates, Set<string>>();

/**
 * Refuses a table that cannot be evaluated on columns of these dtypes: an index out of range, a predicate that refers to
 * itself or forward, an order asked of strings, a widening of "missing" that the dtype has no room for. Once a table
 * and list of dtypes.
 */
export const checkPredicates = (p: Predicates, columns: readonly DType[], at?: Place): void => {
  const known = checked.get(p) ?? new Set<string>();
  const key = columns.join();
  if (known.has(key)) return;
  const rows = p.kind.length;
  const refuse = (rule: string, message: string): never => fail(`ir/predicate-${rule}`, message, at);
  const { column, literal, from, to, members, args, absent } = p;
  for (const [name, list] of Object.entries({ column, literal, from, to, absent })) {
    if (list.length !== rows)
      refuse('table', `the predicates have ${rows} kinds but ${list.length} ${name}s`);
  }
  if (!isNumeric(p.numbers.dtype)) refuse('table', `the numeric literals are ${p.numbers.dtype}`);
  const depth = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const kind =
      predicateKinds[p.kind[i] as number] ??
      refuse('kind', `predicate ${i} is of the unknown kind ${p.kind[i]}`);
    if (kind === 'true' || kind === 'false') continue;
    const [first, last] = [from[i] as number, to[i] as number];
    const joins = kind === 'and' || kind === 'or' || kind === 'xor' || kind === 'surrogate';
    const lists = kind === 'in' || kind === 'notIn';
    const within = joins ? args : members;
    if ((joins || lists) && !(first >= 0 && first <= last && last <= within.length)) {
      refuse('range', `predicate ${i} lists ${first} to ${last} of ${within.length} entries`);
    }
    if (joins) {
      if (first === last) refuse('empty', `predicate ${i} joins nothing by ${kind}`);
      for (let k = first; k < last; k++) {
        const a = args[k] as number;
        if (!(a >= 0 && a < i)) refuse('forward', `predicate ${i} refers to ${a}, which is not before it`);
        depth[i] = Math.max(depth[i] as number, (depth[a] as number) + 1);
      }
      if ((depth[i] as number) > deepest) refuse('depth', `predicates nest deeper than ${deepest}`);
      continue;
    }
    const dtype =
      columns[column[i] as number] ??
      refuse('column', `predicate ${i} tests column ${column[i]} of ${columns.length}`);
    const text = dtype === 'string';
    if (!text && dtype !== 'bool' && !isNumeric(dtype))
      refuse('column', `a column of ${dtype} cannot be tested`);
    if (text && (absent[i] as number) & (ABSENT.zero | ABSENT.asZero)) {
      refuse('absent', `predicate ${i} reads the string column ${column[i]} as zero where it is missing`);
    }
    if (kind === 'isMissing' || kind === 'isNotMissing') continue;
    const literals = text ? p.strings.length : p.numbers.count;
    for (let k = first; k < (lists ? last : first + 1); k++) {
      const l = (lists ? members[k] : literal[i]) as number;
      if (!(l >= 0 && l < literals)) {
        refuse('literal', `predicate ${i} compares with literal ${l} of ${literals}`);
      }
    }
    if (text && !lists && kind !== 'eq' && kind !== 'ne') {
      refuse('order', `predicate ${i} asks for the order of strings (column ${column[i]})`);
    }
  }
  checked.set(p, known.add(key));
};

/** For each predicate: may it be UNKNOWN? `missing[c]`: may column c be missing? The table must be sound. */
export const mayBeUnknown = (
  p: Predicates,
  columns: readonly { readonly dtype: DType; readonly missing: boolean }[],
): Uint8Array => {
  const may = new Uint8Array(p.kind.length);
  for (let i = 0; i < may.length; i++) {
    const kind = predicateKinds[p.kind[i] as number] as PredicateKind;
    const args = [...p.args.subarray(p.from[i], p.to[i])].map((a) => may[a] === 1);
    const c = columns[p.column[i] as number];
    const absent = p.absent[i] as number;
    switch (kind) {
      case 'true':
      case 'false':
      case 'isMissing':
      case 'isNotMissing':
        break;
      case 'and':
      case 'or':
      case 'xor':
        may[i] = args.some((x) => x) ? 1 : 0;
        break;
      case 'surrogate':
        may[i] = args.every((x) => x) ? 1 : 0;
        break;
      default:
        may[i] =
          !(absent & ABSENT.asZero) &&
          c &&
          (c.missing || (absent & ABSENT.nan && isFloat(c.dtype)) || absent & ABSENT.zero)
            ? 1
            : 0;
    }
  }
  return may;
};
