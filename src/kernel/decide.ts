/**
 * Trees over a predicate table, made of one kind of test only: `x < value` on a column of doubles where NaN stands
 * for UNKNOWN. Compound predicates become chains of tests, strings and sets become columns of codes, `<=` becomes `<`
 * the next double. What targets spell is this form; the interpreter knows nothing of it.
 */
import { fail } from '../ir/diagnostic.ts';
import { ABSENT, KIND, nearZero, type Predicates } from '../ir/predicates.ts';
import { ALL, type Trees } from '../ir/trees.ts';
import { constant } from '../tensor/data.ts';
import { isFloat } from '../tensor/dtype.ts';
import { nextUp64, rounder } from '../tensor/float.ts';
import type { Row, Statement, TestedColumn } from './row.ts';

/** Columns to test, computed once a row. */
export interface DecisionColumn {
  /** A double; NaN: UNKNOWN. */
  readonly value: Row;
  /**
   * Where not null, `value` is a code (a literal's position, counted from 1; 0 for all others), and the column holds
   * 0 where `set[code]` is 1, and 1 where it is not. Columns of one code share the `value` object.
   */
  readonly set: Uint8Array | null;
}

/** Tests and where they lead: a test where ≥ 0, an outcome (`~outcome`) where negative. */
export interface Decisions {
  readonly columns: readonly DecisionColumn[];
  readonly roots: Int32Array;
  readonly column: Int32Array;
  /** TRUE where the column is less. */
  readonly value: Float64Array;
  readonly ifTrue: Int32Array;
  readonly ifFalse: Int32Array;
  readonly ifUnknown: Int32Array;
  /** Per test, bit by bit (1 true, 2 false, 4 unknown): does this step leave a test of the source as UNKNOWN? */
  readonly met: Uint8Array;
  readonly outcomes: number;
}

/** More tests than this come out of nested compound predicates only; they double with each level. */
const most = 4_000_000;

/** Where a step leads. `to`: outcome (negative), test `t` of the source (2t), test made here (2n + 1). */
interface Edge {
  readonly to: number;
  readonly met: boolean;
}

type Successors = readonly [ifTrue: Edge, ifFalse: Edge, ifUnknown: Edge];

const sameEdge = (a: Edge, b: Edge): boolean => a.to === b.to && a.met === b.met;

/** `counted`: is it asked how often UNKNOWN was met? Else `met` is all zero, and more tests fall together. */
export const decide = (
  predicates: Predicates,
  trees: Trees,
  columns: readonly TestedColumn[],
  counted: boolean,
): Decisions => new Decider(predicates, trees, columns, counted).decisions();

/** Predicates as trees of one test each: outcome 3i + 0 FALSE, + 1 TRUE, + 2 UNKNOWN. */
export const predicateTrees = (rows: readonly number[]): Trees => ({
  roots: Int32Array.from(rows.keys()),
  test: Int32Array.from(rows),
  ifFalse: Int32Array.from(rows.keys(), (i) => ~(3 * i)),
  ifTrue: Int32Array.from(rows.keys(), (i) => ~(3 * i + 1)),
  ifUnknown: Int32Array.from(rows.keys(), (i) => ~(3 * i + 2)),
  outcomes: 3 * rows.length,
  share: null,
  ids: [],
});

class Decider {
  private readonly p: Predicates;
  private readonly trees: Trees;
  private readonly tested: readonly TestedColumn[];
  private readonly counted: boolean;
  private readonly numbers: ArrayLike<number | bigint>;
  private readonly columns: DecisionColumn[] = [];
  private readonly columnAt = new Map<string, number>();
  private readonly codes = new Map<number, Codes>();
  private readonly codeRows = new Map<string, Row>();
  private readonly column: number[] = [];
  private readonly value: number[] = [];
  private readonly next: Successors[] = [];
  /** Of the test being compiled. */
  private memo = new Map<string, Edge>();

  constructor(p: Predicates, trees: Trees, tested: readonly TestedColumn[], counted: boolean) {
    this.counted = counted;
    this.p = p;
    this.trees = trees;
    this.tested = tested;
    this.numbers = p.numbers.read(0, p.numbers.count) as ArrayLike<number | bigint>;
  }

  decisions(): Decisions {
    const { trees } = this;
    const entries = Array.from(trees.test, (predicate, t) => {
      this.memo = new Map();
      const to = (s: number, met: boolean): Edge => ({ to: s < 0 ? s : 2 * s, met });
      if (trees.ifUnknown[t] === ALL)
        throw new Error('trees that spread over both successors are not routes');
      return this.compile(
        predicate,
        to(trees.ifTrue[t] as number, false),
        to(trees.ifFalse[t] as number, false),
        to(trees.ifUnknown[t] as number, this.counted),
      );
    });
    /** Follows tests of the source to the tests made for them. */
    const resolve = (edge: Edge): Edge => {
      let at = edge;
      while (at.to >= 0 && at.to % 2 === 0) {
        const entry = entries[at.to / 2] as Edge;
        at = { to: entry.to, met: at.met || entry.met };
      }
      return at;
    };
    const plain = (edge: Edge): number => (edge.to < 0 ? edge.to : (edge.to - 1) / 2);
    const next = this.next.map((edges) => edges.map(resolve) as unknown as Successors);
    const threaded = next.map((edges, n) => edges.map((e, o) => this.thread(n, o, e, next)));
    const of = (o: number) => Int32Array.from(threaded, (edges) => plain(edges[o] as Edge));
    const roots = Int32Array.from(trees.roots, (r) => plain(resolve({ to: r < 0 ? r : 2 * r, met: false })));
    return compact({
      columns: this.columns,
      roots,
      column: Int32Array.from(this.column),
      value: Float64Array.from(this.value),
      ifTrue: of(0),
      ifFalse: of(1),
      ifUnknown: of(2),
      met: Uint8Array.from(threaded, (edges) => edges.reduce((bits, e, o) => bits | (e.met ? 1 << o : 0), 0)),
      outcomes: trees.outcomes,
    });
  }

  /** Skips tests that the step just taken has decided: those of the same column. */
  private thread(from: number, outcome: number, edge: Edge, next: readonly Successors[]): Edge {
    const column = this.column[from];
    const value = this.value[from] as number;
    let at = edge;
    while (at.to >= 0) {
      const n = (at.to - 1) / 2;
      if (this.column[n] !== column) break;
      const v = this.value[n] as number;
      const [less, notLess, unknown] = next[n] as Successors;
      const step =
        outcome === 2
          ? unknown
          : outcome === 0 && value <= v
            ? less
            : outcome === 1 && v <= value
              ? notLess
              : null;
      if (step === null) break;
      // Two UNKNOWN tests met in one step cannot be counted by one bit.
      if (at.met && step.met) break;
      at = { to: step.to, met: at.met || step.met };
    }
    return at;
  }

  private compile(row: number, t: Edge, f: Edge, u: Edge): Edge {
    if (sameEdge(t, f) && sameEdge(f, u)) return t;
    const key = `${row}|${t.to},${t.met}|${f.to},${f.met}|${u.to},${u.met}`;
    const known = this.memo.get(key);
    if (known) return known;
    const made = this.compileNew(row, t, f, u);
    this.memo.set(key, made);
    return made;
  }

  private compileNew(row: number, t: Edge, f: Edge, u: Edge): Edge {
    const { p } = this;
    const args = [...p.args.subarray(p.from[row], p.to[row])].reverse();
    switch (p.kind[row]) {
      case KIND.true:
        return t;
      case KIND.false:
        return f;
      case KIND.and: {
        // Two chains: nothing unknown so far, and something.
        let clean = t;
        let dirty = u;
        for (const a of args) {
          clean = this.compile(a, clean, f, dirty);
          dirty = this.compile(a, dirty, f, dirty);
        }
        return clean;
      }
      case KIND.or: {
        let clean = f;
        let dirty = u;
        for (const a of args) {
          clean = this.compile(a, t, clean, dirty);
          dirty = this.compile(a, t, dirty, dirty);
        }
        return clean;
      }
      case KIND.xor: {
        let even = f;
        let odd = t;
        for (const a of args) {
          [even, odd] = [this.compile(a, odd, even, u), this.compile(a, even, odd, u)];
        }
        return even;
      }
      case KIND.surrogate:
        return args.reduce((otherwise, a) => this.compile(a, t, f, otherwise), u);
      default:
        return this.simple(row, t, f, u);
    }
  }

  private test(column: number, value: number, t: Edge, f: Edge, u: Edge): Edge {
    if (sameEdge(t, f) && sameEdge(f, u)) return t;
    if (this.next.length >= most) {
      fail('kernel/too-many-tests', `nested compound predicates come to more than ${most} tests`);
    }
    this.column.push(column);
    this.value.push(value);
    return { to: 2 * (this.next.push([t, f, u]) - 1) + 1, met: false };
  }

  /** Never TRUE: tells the present from the missing. */
  private present(column: number, yes: Edge, no: Edge): Edge {
    return this.test(column, -Infinity, yes, yes, no);
  }

  private simple(row: number, t: Edge, f: Edge, u: Edge): Edge {
    const { p } = this;
    const kind = p.kind[row] as number;
    const column = p.column[row] as number;
    const bits = p.absent[row] as number;
    const { dtype, missing } = this.tested[column] as TestedColumn;
    // Where NaN compares as IEEE says it cannot stand for UNKNOWN too: presence is a test of its own.
    const apart = isFloat(dtype) && !(bits & (ABSENT.nan | ABSENT.asZero));
    const maybe = missing !== null || (bits & (ABSENT.zero | ABSENT.asZero)) === ABSENT.zero;
    if (kind === KIND.isMissing || kind === KIND.isNotMissing) {
      const [yes, no] = kind === KIND.isMissing ? [f, t] : [t, f];
      if (apart && !maybe) return yes;
      return this.present(this.variant(column, apart ? 'presence' : 'value', bits), yes, no);
    }
    const lead = (true_: Edge, false_: Edge, unknown: Edge): Edge =>
      dtype === 'string' || kind === KIND.in || kind === KIND.notIn
        ? this.symbolic(row, true_, false_, unknown)
        : this.numeric(row, true_, false_, unknown);
    if (!apart) return lead(t, f, u);
    const ofNaN = kind === KIND.ne || kind === KIND.notIn ? t : f;
    const compared = lead(t, f, ofNaN);
    return maybe ? this.present(this.variant(column, 'presence', bits), compared, u) : compared;
  }

  private numeric(row: number, t: Edge, f: Edge, u: Edge): Edge {
    const { p } = this;
    const kind = p.kind[row] as number;
    const column = this.variant(p.column[row] as number, 'value', p.absent[row] as number);
    const literal = this.number(p.column[row] as number, p.literal[row] as number);
    const never = (truth: Edge) => this.present(column, truth, u);
    if (Number.isNaN(literal)) return never(kind === KIND.ne ? t : f);
    /** x <= literal is x < the next double. */
    const atMost = (yes: Edge, no: Edge): Edge =>
      literal === Infinity ? never(yes) : this.test(column, nextUp64(literal), yes, no, u);
    switch (kind) {
      case KIND.lt:
        return this.test(column, literal, t, f, u);
      case KIND.ge:
        return this.test(column, literal, f, t, u);
      case KIND.le:
        return atMost(t, f);
      case KIND.gt:
        return atMost(f, t);
      default: {
        const [yes, no] = kind === KIND.eq ? [t, f] : [f, t];
        return this.test(column, literal, no, atMost(yes, no), u);
      }
    }
  }

  /** Strings, and sets of any kind. */
  private symbolic(row: number, t: Edge, f: Edge, u: Edge): Edge {
    const { p } = this;
    const kind = p.kind[row] as number;
    const column = p.column[row] as number;
    const { dtype } = this.tested[column] as TestedColumn;
    const bits = p.absent[row] as number;
    const membership = kind === KIND.in || kind === KIND.notIn;
    if (!membership && kind !== KIND.eq && kind !== KIND.ne) {
      const at = this.ordered(column, kind, p.strings[p.literal[row] as number] as string);
      return this.test(at, 0.5, f, t, u);
    }
    const literals = membership
      ? [...p.members.subarray(p.from[row], p.to[row])]
      : [p.literal[row] as number];
    const codes = this.codesOf(column);
    const members = literals.map((l) => codes.of(dtype === 'string' ? p.strings[l] : this.number(column, l)));
    const positive = kind === KIND.in || kind === KIND.eq;
    const set = new Uint8Array(codes.literals.length + 1);
    for (const m of members) if (m > 0) set[m] = 1;
    const codeKey = `${column}|${bits}`;
    const code = this.codeRows.get(codeKey) ?? this.code(column, bits, codes);
    this.codeRows.set(codeKey, code);
    const key = `set|${column}|${bits}|${set}`;
    const at = this.columnOf(key, () => ({ value: code, set }));
    // The column holds 0 for members.
    return positive ? this.test(at, 0.5, t, f, u) : this.test(at, 0.5, f, t, u);
  }

  /** A literal, in the dtype of the column that it is compared with. */
  private number(column: number, literal: number): number {
    const { dtype } = this.tested[column] as TestedColumn;
    return rounder(dtype)(Number(this.numbers[literal]));
  }

  private columnOf(key: string, make: () => DecisionColumn): number {
    const known = this.columnAt.get(key);
    if (known !== undefined) return known;
    const at = this.columns.push(make()) - 1;
    this.columnAt.set(key, at);
    return at;
  }

  /** The column as a double, NaN where it counts as absent; or only whether it does. */
  private variant(column: number, what: 'value' | 'presence', bits: number): number {
    return this.columnOf(`${what}|${column}|${bits}`, () => {
      const { value, dtype } = this.tested[column] as TestedColumn;
      const x = what === 'presence' || dtype === 'string' ? num(0) : asDouble(value, dtype);
      return { value: this.absent(column, bits, x, what === 'presence'), set: null };
    });
  }

  private absent(column: number, bits: number, x: Row, presence = false): Row {
    const { value, dtype, missing } = this.tested[column] as TestedColumn;
    const number = asDouble(value, dtype);
    const when: Row[] = missing ? [missing] : [];
    if (dtype !== 'string') {
      if (bits & ABSENT.asZero) {
        if (isFloat(dtype)) when.push(call('isNaN', 'bool', number));
        return when.length === 0 ? x : choose(any(when), num(0), x);
      }
      if (bits & ABSENT.zero) when.push(call('le', 'bool', call('abs', 'float64', number), num(nearZero)));
      if (presence && bits & ABSENT.nan && isFloat(dtype)) when.push(call('isNaN', 'bool', number));
    }
    return when.length === 0 ? x : choose(any(when), num(Number.NaN), x);
  }

  private codesOf(column: number): Codes {
    const known = this.codes.get(column);
    if (known) return known;
    const { p } = this;
    const { dtype } = this.tested[column] as TestedColumn;
    const codes = new Codes();
    for (let r = 0; r < p.kind.length; r++) {
      if (p.column[r] !== column) continue;
      const add = (l: number) => codes.add(dtype === 'string' ? p.strings[l] : this.number(column, l));
      if (p.kind[r] === KIND.in || p.kind[r] === KIND.notIn) {
        p.members.subarray(p.from[r], p.to[r]).forEach(add);
      } else if (dtype === 'string' && (p.kind[r] === KIND.eq || p.kind[r] === KIND.ne)) {
        add(p.literal[r] as number);
      }
    }
    this.codes.set(column, codes);
    return codes;
  }

  /** Position among the literals, from 1; 0 for any other; NaN where absent. */
  private code(column: number, bits: number, codes: Codes): Row {
    const { value, dtype } = this.tested[column] as TestedColumn;
    const x = dtype === 'string' ? value : this.absent(column, bits, asDouble(value, dtype));
    const table = constant(dtype === 'string' ? 'string' : 'float64', codes.literals);
    const found: Row = { k: 'find', table, key: x };
    const code = call(
      'cast',
      'float64',
      call('add', 'int32', found, { k: 'const', dtype: 'int32', value: 1 }),
    );
    if (dtype === 'string') return this.absent(column, bits, code);
    return isFloat(dtype) || bits & ABSENT.zero || (this.tested[column] as TestedColumn).missing
      ? choose(call('isNaN', 'bool', x), num(Number.NaN), code)
      : code;
  }

  /** 1 where a string stands in an order to a literal, else 0. */
  private ordered(column: number, kind: number, literal: string): number {
    const fn =
      ({ [KIND.lt]: 'lt', [KIND.le]: 'le', [KIND.gt]: 'gt', [KIND.ge]: 'ge' } as const)[kind] ?? 'lt';
    return this.columnOf(`order|${column}|${fn}|${literal}`, () => {
      const { value } = this.tested[column] as TestedColumn;
      const holds = call(
        'cast',
        'float64',
        call(fn, 'bool', value, { k: 'const', dtype: 'string', value: literal }),
      );
      return { value: this.absent(column, 0, holds), set: null };
    });
  }
}

/** The literals that a column is tested against, by position. */
class Codes {
  readonly literals: (string | number)[] = [];
  private readonly at = new Map<string | number, number>();

  add(literal: string | number | undefined): void {
    const key = literal === 0 ? 0 : literal;
    // NaN is equal to nothing.
    if (key === undefined || Number.isNaN(key) || this.at.has(key)) return;
    this.at.set(key, this.literals.push(key));
  }

  /** Counted from 1; 0 where there is none. */
  of(literal: string | number | undefined): number {
    return literal === undefined ? 0 : (this.at.get(literal === 0 ? 0 : literal) ?? 0);
  }
}

const num = (value: number): Row => ({ k: 'const', dtype: 'float64', value });

const call = (
  fn: Extract<Row, { k: 'apply' }>['fn'],
  dtype: 'bool' | 'float64' | 'int32',
  ...args: Row[]
): Row => ({ k: 'apply', fn, dtype, args });

const asDouble = (value: Row, dtype: TestedColumn['dtype']): Row =>
  dtype === 'float64' ? value : call('cast', 'float64', value);

const any = (when: readonly Row[]): Row => when.reduce((a, b) => call('or', 'bool', a, b));

const choose = (when: Row, then: Row, otherwise: Row): Row => ({
  k: 'choose',
  when: [when],
  then: [then],
  otherwise,
});

/** Only the tests that can be reached, each tree's from its root downwards. */
const compact = (d: Decisions): Decisions => {
  const order: number[] = [];
  const renamed = new Int32Array(d.column.length).fill(-1);
  for (const root of d.roots) {
    const open = [root];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at < 0 || (renamed[at] as number) >= 0) continue;
      renamed[at] = order.push(at) - 1;
      open.push(d.ifUnknown[at] as number, d.ifFalse[at] as number, d.ifTrue[at] as number);
    }
  }
  const to = (s: number): number => (s < 0 ? s : (renamed[s] as number));
  // Columns without a set first, those of one code together.
  const codes = [...new Set(d.columns.map((c) => c.value))];
  const rank = (c: number): number => {
    const { set, value } = d.columns[c] as DecisionColumn;
    return set === null ? -1 : codes.indexOf(value);
  };
  const used = [...new Set(order.map((n) => d.column[n] as number))].sort(
    (a, b) => rank(a) - rank(b) || a - b,
  );
  const columnTo = new Map(used.map((c, i) => [c, i]));
  return {
    columns: used.map((c) => d.columns[c] as DecisionColumn),
    roots: d.roots.map(to),
    column: Int32Array.from(order, (n) => columnTo.get(d.column[n] as number) as number),
    value: Float64Array.from(order, (n) => d.value[n] as number),
    ifTrue: Int32Array.from(order, (n) => to(d.ifTrue[n] as number)),
    ifFalse: Int32Array.from(order, (n) => to(d.ifFalse[n] as number)),
    ifUnknown: Int32Array.from(order, (n) => to(d.ifUnknown[n] as number)),
    met: Uint8Array.from(order, (n) => d.met[n] as number),
    outcomes: d.outcomes,
  };
};

/** A route over these statements' trees. */
export const decisionsOf = (s: Extract<Statement, { k: 'route' | 'test' }>): Decisions =>
  s.k === 'route'
    ? decide(s.predicates, s.trees, s.columns, s.unknowns !== null)
    : decide(s.predicates, predicateTrees(s.rows), s.columns, false);

/** The most tests on a way through each tree. */
export const depthsOf = (d: Decisions): Int32Array => {
  const depth = new Int32Array(d.column.length).fill(-1);
  const of = (s: number): number => (s < 0 ? 0 : (depth[s] as number));
  const open: number[] = [];
  const entered = new Uint8Array(d.column.length);
  for (const root of d.roots) {
    if (root >= 0) open.push(root);
    while (open.length > 0) {
      const at = open.at(-1) as number;
      const next = [d.ifTrue[at], d.ifFalse[at], d.ifUnknown[at]] as [number, number, number];
      if (entered[at] === 0) {
        entered[at] = 1;
        for (const s of next) {
          if (s < 0 || of(s) >= 0) continue;
          if (entered[s] === 1) fail('kernel/cyclic-tree', 'a tree leads back to a test above');
          open.push(s);
        }
      } else {
        depth[at] = 1 + Math.max(...next.map(of));
        entered[at] = 2;
        open.pop();
      }
    }
  }
  return d.roots.map(of);
};
