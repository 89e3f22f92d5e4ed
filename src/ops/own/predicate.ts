/**
 * Predicates over blocks of rows, shared by Test, Route and Spread. A table is prepared once for the dtypes of its
 * columns; a block then holds each column as float64 in the forms that its tests ask for, so that every test is one
 * comparison:
 *
 * - `value`: the number itself, NaN where it is absent. Every order becomes `x <= literal`: `x < t` is
 *   `x <= (the double below t)`, and `>`, `>=` are the negations.
 * - `code`: 1, 2, … for the literals of equalities and sets (strings too), 0 for anything else, NaN where absent.
 * - `presence`: 0, NaN where absent.
 */
import { ABSENT, FALSE, KIND, nearZero, type Predicates, TRUE, UNKNOWN } from '../../ir/predicates.ts';
import { load } from '../../tensor/data.ts';
import { type Column, type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { nextDown64, nextUp64, rounder } from '../../tensor/float.ts';
import { kleene } from './Kleene.ts';

/** A column as an operator is given it; `missing` is its plane. One row stands for all. */
export interface TestedColumn {
  readonly dtype: DType;
  readonly data: Column;
  readonly missing: Uint8Array | undefined;
}

type Form = 'value' | 'code' | 'presence';

/** One column in one form. */
interface View {
  readonly column: number;
  readonly form: Form;
  /** Bits of ABSENT. */
  readonly absent: number;
  /** Literals by what stands in the column; those of `code` only. */
  readonly codes: Map<unknown, number>;
}

/** How a predicate is evaluated. */
export const HOW = { constant: 0, atMost: 1, is: 2, among: 3, compound: 4 } as const;

/** A table made ready for columns of certain dtypes. */
export interface Prepared {
  readonly predicates: Predicates;
  readonly dtypes: readonly DType[];
  readonly views: readonly View[];
  readonly how: Uint8Array;
  readonly view: Int32Array;
  /** The threshold of `atMost`, the code of `is`. */
  readonly literal: Float64Array;
  /** Members of `among`: bit `code` of the words from here on. */
  readonly members: Int32Array;
  readonly words: readonly number[];
  /** The result where the comparison holds; the opposite where it does not. */
  readonly holds: Uint8Array;
  /** The result where the view is NaN. */
  readonly onNaN: Uint8Array;
  /** The view that tells NaN from missing, where that matters; else -1. */
  readonly guard: Int32Array;
  /** Compound predicates that stand in several places: computed once for a whole block. */
  readonly shared: Uint8Array;
}

const known = new WeakMap<Predicates, Map<string, Prepared>>();

/** The table made ready; it must have been checked for these dtypes. */
export const prepare = (predicates: Predicates, dtypes: readonly DType[]): Prepared => {
  const key = dtypes.join();
  const those = known.get(predicates) ?? new Map<string, Prepared>();
  known.set(predicates, those);
  const prepared = those.get(key) ?? make(predicates, dtypes);
  those.set(key, prepared);
  return prepared;
};

const make = (p: Predicates, dtypes: readonly DType[]): Prepared => {
  const rows = p.kind.length;
  const numbers = Array.from(load(p.numbers).data as ArrayLike<number | bigint>, Number);
  const rounders = dtypes.map((d) => (isFloat(d) ? rounder(d) : (x: number) => x));
  const views: View[] = [];
  const viewAt = new Map<string, number>();
  const viewOf = (column: number, form: Form, absent: number): number => {
    // A value is NaN where it is NaN, whatever the bit says; what that means is said by `onNaN`.
    const bits = form === 'presence' ? absent : absent & ~ABSENT.nan;
    const key = `${column} ${form} ${bits}`;
    const at = viewAt.get(key) ?? views.push({ column, form, absent: bits, codes: new Map() }) - 1;
    viewAt.set(key, at);
    return at;
  };
  const numberFor = (column: number, l: number) =>
    (rounders[column] as (x: number) => number)(numbers[l] as number);
  /** The code of a literal in a view; 0 never stands for one, and -1 is never found. */
  const codeOf = (view: View, l: number): number => {
    const dtype = dtypes[view.column] as DType;
    let value: unknown = dtype === 'string' ? p.strings[l] : numberFor(view.column, l);
    if (Number.isNaN(value)) return -1;
    if (isBig(dtype)) {
      if (!Number.isInteger(value)) return -1;
      value = BigInt(value as number);
    }
    const code = view.codes.get(value) ?? view.codes.size + 1;
    view.codes.set(value, code);
    return code;
  };

  const out = {
    predicates: p,
    dtypes,
    views,
    how: new Uint8Array(rows),
    view: new Int32Array(rows).fill(-1),
    literal: new Float64Array(rows),
    members: new Int32Array(rows),
    words: [] as number[],
    holds: new Uint8Array(rows).fill(TRUE),
    onNaN: new Uint8Array(rows).fill(UNKNOWN),
    guard: new Int32Array(rows).fill(-1),
    shared: new Uint8Array(rows),
  };
  const sets = new Map<string, number>();
  const uses = new Int32Array(rows);

  for (let i = 0; i < rows; i++) {
    const kind = p.kind[i] as number;
    if (kind === KIND.true || kind === KIND.false) {
      out.holds[i] = kind === KIND.true ? TRUE : FALSE;
      continue;
    }
    if (kind >= KIND.and) {
      out.how[i] = HOW.compound;
      for (let k = p.from[i] as number; k < (p.to[i] as number); k++) {
        const a = p.args[k] as number;
        uses[a] = (uses[a] as number) + 1;
      }
      continue;
    }
    const column = p.column[i] as number;
    const absent = p.absent[i] as number;
    const asZero = (absent & ABSENT.asZero) !== 0;
    if (kind === KIND.isMissing || kind === KIND.isNotMissing) {
      const missing = kind === KIND.isMissing ? TRUE : FALSE;
      if (asZero) {
        out.holds[i] = 1 - missing;
        continue;
      }
      out.how[i] = HOW.atMost;
      out.literal[i] = Infinity;
      out.view[i] = viewOf(column, 'presence', absent);
      out.holds[i] = 1 - missing;
      out.onNaN[i] = missing;
      continue;
    }
    const ordered = kind <= KIND.ge;
    const negated = kind === KIND.gt || kind === KIND.ge || kind === KIND.ne || kind === KIND.notIn;
    const at = viewOf(column, ordered ? 'value' : 'code', absent);
    const view = views[at] as View;
    out.view[i] = at;
    out.holds[i] = negated ? FALSE : TRUE;
    if (!asZero && !(absent & ABSENT.nan) && isFloat(dtypes[column] as DType)) {
      // NaN compares as IEEE says: nothing holds but "not equal".
      out.onNaN[i] = kind === KIND.ne || kind === KIND.notIn ? TRUE : FALSE;
      out.guard[i] = viewOf(column, 'presence', absent);
    }
    if (ordered) {
      const t = numberFor(column, p.literal[i] as number);
      out.how[i] = HOW.atMost;
      out.literal[i] = threshold(kind, t);
    } else if (kind === KIND.eq || kind === KIND.ne) {
      out.how[i] = HOW.is;
      out.literal[i] = codeOf(view, p.literal[i] as number);
    } else {
      const list = p.members.subarray(p.from[i], p.to[i]);
      const key = `${at} ${list.join()}`;
      out.how[i] = HOW.among;
      out.members[i] =
        sets.get(key) ??
        addSet(
          out.words,
          [...list].map((l) => codeOf(view, l)),
        );
      sets.set(key, out.members[i] as number);
    }
  }
  for (let i = 0; i < rows; i++)
    out.shared[i] = out.how[i] === HOW.compound && (uses[i] as number) > 1 ? 1 : 0;
  return out;
};

/** t' such that `x <= t'` says `x < t` or `x <= t`, or where it fails `x >= t` or `x > t`, for every double x that is a number. */
const threshold = (kind: number, t: number): number => {
  // Nothing is above or below NaN: the negations must not hold either.
  if (Number.isNaN(t)) return kind === KIND.gt || kind === KIND.ge ? Infinity : Number.NaN;
  if (kind === KIND.le || kind === KIND.gt) return t;
  return t === -Infinity ? Number.NaN : nextDown64(t);
};

/** A set of codes as bits, behind a word that says how many words there are; returns where it begins. */
const addSet = (words: number[], codes: readonly number[]): number => {
  const from = words.length;
  const size = (Math.max(0, ...codes) >> 5) + 1;
  words.push(size, ...new Array<number>(size).fill(0));
  for (const c of codes) {
    if (c > 0) words[from + 1 + (c >> 5)] = (words[from + 1 + (c >> 5)] as number) | (1 << (c & 31));
  }
  return from;
};

/** Rows worked on at once. */
export const blockRows = 2048;

/** The columns of a block of rows in the forms that the tests ask for, and the shared predicates met in it. */
export class Block {
  readonly prepared: Prepared;
  readonly views: readonly Float64Array[];
  rows = 0;
  private readonly planes = new Map<number, Uint8Array>();
  private readonly everyRow: Int32Array;
  private readonly spare: Uint8Array[] = [];

  constructor(prepared: Prepared) {
    this.prepared = prepared;
    this.views = prepared.views.map(() => new Float64Array(blockRows));
    this.everyRow = Int32Array.from({ length: blockRows }, (_, i) => i);
  }

  /** Turns to `rows` rows beginning with row `from`. */
  fill(columns: readonly TestedColumn[], from: number, rows: number): void {
    this.rows = rows;
    this.planes.clear();
    this.prepared.views.forEach((view, k) => {
      fillView(this.views[k] as Float64Array, view, columns[view.column] as TestedColumn, from, rows);
    });
  }

  /** out[i] = result of predicate `p` for row `rows[from + i]` of the block, `from + i` below `to`. */
  test(p: number, rows: Int32Array, from: number, to: number, out: Uint8Array): void {
    const { how, shared } = this.prepared;
    if (shared[p]) {
      const plane = this.plane(p);
      for (let i = from; i < to; i++) out[i - from] = plane[rows[i] as number] as number;
    } else if (how[p] === HOW.compound) this.compound(p, rows, from, to, out);
    else this.simple(p, rows, from, to, out);
  }

  private plane(p: number): Uint8Array {
    let plane = this.planes.get(p);
    if (!plane) {
      plane = new Uint8Array(this.rows);
      this.compound(p, this.everyRow, 0, this.rows, plane);
      this.planes.set(p, plane);
    }
    return plane;
  }

  private compound(p: number, rows: Int32Array, from: number, to: number, out: Uint8Array): void {
    const { kind, args, from: firsts, to: lasts } = this.prepared.predicates;
    const [first, last] = [firsts[p] as number, lasts[p] as number];
    this.test(args[first] as number, rows, from, to, out);
    const next = this.spare.pop() ?? new Uint8Array(blockRows);
    const join = joins[kind[p] as number] as Uint8Array;
    for (let a = first + 1; a < last; a++) {
      this.test(args[a] as number, rows, from, to, next);
      for (let i = 0; i < to - from; i++) {
        out[i] = join[3 * (out[i] as number) + (next[i] as number)] as number;
      }
    }
    this.spare.push(next);
  }

  private simple(p: number, rows: Int32Array, from: number, to: number, out: Uint8Array): void {
    const { how, view, literal, members, words, holds, onNaN, guard } = this.prepared;
    const yes = holds[p] as number;
    const kind = how[p] as number;
    if (kind === HOW.constant) {
      out.fill(yes, 0, to - from);
      return;
    }
    const no = 1 - yes;
    const nan = onNaN[p] as number;
    const x = this.views[view[p] as number] as Float64Array;
    const t = literal[p] as number;
    if (kind === HOW.among) {
      const set = members[p] as number;
      const size = words[set] as number;
      for (let i = from; i < to; i++) {
        const v = x[rows[i] as number] as number;
        const w = v >> 5;
        const member = w < size ? ((words[set + 1 + w] as number) >> (v & 31)) & 1 : 0;
        out[i - from] = Number.isNaN(v) ? nan : member ^ no;
      }
    } else if (kind === HOW.is) {
      for (let i = from; i < to; i++) {
        const v = x[rows[i] as number] as number;
        out[i - from] = Number.isNaN(v) ? nan : Number(v === t) ^ no;
      }
    } else {
      for (let i = from; i < to; i++) {
        const v = x[rows[i] as number] as number;
        out[i - from] = Number.isNaN(v) ? nan : Number(v <= t) ^ no;
      }
    }
    if ((guard[p] as number) < 0) return;
    const present = this.views[guard[p] as number] as Float64Array;
    for (let i = from; i < to; i++) {
      if (Number.isNaN(present[rows[i] as number])) out[i - from] = UNKNOWN;
    }
  }
}

/** How a compound predicate joins two results, `3 * a + b`, by its kind. */
const joins: Readonly<Record<number, Uint8Array>> = Object.fromEntries(
  [
    [KIND.and, kleene.and] as const,
    [KIND.or, kleene.or] as const,
    [KIND.xor, kleene.xor] as const,
    // The first that is not UNKNOWN.
    [KIND.surrogate, (a: number, b: number) => (a === UNKNOWN ? b : a)] as const,
  ].map(([kind, join]) => [kind, Uint8Array.from({ length: 9 }, (_, i) => join(Math.floor(i / 3), i % 3))]),
);

/** A 64-bit integer as the double that lies to every double literal as it does: rounded up. */
const upward = (x: bigint): number => {
  const r = Number(x);
  return BigInt(r) < x ? nextUp64(r) : r;
};

const fillView = (out: Float64Array, view: View, column: TestedColumn, from: number, rows: number): void => {
  const { data, missing, dtype } = column;
  const { absent, form, codes } = view;
  const single = data.length === 1;
  const big = isBig(dtype);
  const number = dtype !== 'string';
  const asZero = (absent & ABSENT.asZero) !== 0;
  const zeroGoes = (absent & ABSENT.zero) !== 0 && !asZero;
  const zero = form === 'code' ? (codes.get(big ? 0n : 0) ?? 0) : 0;
  // NaN itself is only absence for the presence of values where the bit says so.
  const nanGoes = form !== 'presence' || (absent & ABSENT.nan) !== 0;
  for (let i = 0; i < rows; i++) {
    const j = single ? 0 : from + i;
    const v = data[j] as number | bigint | string;
    const nan = Number.isNaN(v);
    if (missing?.[j] || (nan && nanGoes)) out[i] = asZero ? zero : Number.NaN;
    else if (zeroGoes && number && Math.abs(Number(v)) <= nearZero) out[i] = Number.NaN;
    else if (form === 'value') out[i] = big ? upward(v as bigint) : (v as number);
    else out[i] = form === 'code' ? (codes.get(v) ?? 0) : 0;
  }
};
