/**
 * The row language: what one row's outputs are, in terms of one row's inputs. Operators lower to it, targets that
 * work row by row (JavaScript, later WebAssembly and SQL) are spelled from it. Scalars, tables and bounded loops;
 * no general control flow, no missing values: those are planes of their own by the time a graph is lowered.
 */
import type { Predicates } from '../ir/predicates.ts';
import type { Trees } from '../ir/trees.ts';
import type { Data } from '../tensor/data.ts';
import type { DType } from '../tensor/dtype.ts';

/**
 * Elementary functions; `functions.ts` says what each gives. Each rounds its result to the dtype of the `apply`;
 * comparisons and tests give bool.
 */
export type Fn =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'mod'
  | 'fmod'
  | 'pow'
  | 'min'
  | 'max'
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'log10'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'trunc'
  | 'roundEven'
  | 'roundUp'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'erf'
  | 'normalCdf'
  | 'and'
  | 'or'
  | 'xor'
  | 'not'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'eq'
  | 'ne'
  | 'isNaN'
  | 'isInf'
  | 'cast'
  | 'concat'
  | 'upper'
  | 'lower'
  | 'trim'
  | 'substring'
  | 'length';

/** A loop variable: its identity is the object. */
export interface Loop {
  readonly loop: true;
}

/** A vector that a program computes or is given: one scalar where `size` is 1. */
export interface Slot {
  readonly name: string;
  readonly dtype: DType;
  /** Elements a row. */
  readonly size: number;
}

export type Row =
  | { readonly k: 'const'; readonly dtype: DType; readonly value: number | bigint | string | boolean }
  | { readonly k: 'element'; readonly of: Slot; readonly index: Row }
  | { readonly k: 'index'; readonly loop: Loop }
  | { readonly k: 'apply'; readonly fn: Fn; readonly args: readonly Row[]; readonly dtype: DType }
  | {
      readonly k: 'choose';
      readonly when: readonly Row[];
      readonly then: readonly Row[];
      readonly otherwise: Row;
    }
  /** Element of a constant table; `key` lies inside it. */
  | { readonly k: 'at'; readonly table: Data; readonly key: Row }
  /** Index of the first element of the table equal to `key`, or -1. */
  | { readonly k: 'find'; readonly table: Data; readonly key: Row }
  | {
      readonly k: 'fold';
      readonly loop: Loop;
      readonly over: number;
      readonly with: 'sum' | 'product' | 'min' | 'max' | 'argmin' | 'argmax' | 'any' | 'all';
      /** Where the accumulator begins; null: at the first element. argmin, argmax have none. */
      readonly start: Row | null;
      /** argmin, argmax: of equal elements the last, not the first. NaN is neither better nor equal. */
      readonly last?: boolean;
      readonly body: Row;
      readonly dtype: DType;
      /** May a target not reorder it? */
      readonly ordered: boolean;
    }
  /** Named, and either had by a target or refused: regular expressions, date formats, tokenisers. */
  | { readonly k: 'intrinsic'; readonly name: string; readonly args: readonly Row[]; readonly dtype: DType };

/** A tested column of a route: its value, and whether it is missing (null: never). */
export interface TestedColumn {
  readonly value: Row;
  readonly dtype: DType;
  readonly missing: Row | null;
}

export type Statement =
  /** slot[i] = body, for every i below its size. */
  | { readonly k: 'define'; readonly slot: Slot; readonly loop: Loop; readonly body: Row }
  /** slot[i] = bodies[i]: a vector whose elements have nothing in common. */
  | { readonly k: 'elements'; readonly slot: Slot; readonly bodies: readonly Row[] }
  /** slot[t] = outcome reached in tree t; unknowns[t] = how often UNKNOWN was met on the way. */
  | {
      readonly k: 'route';
      readonly slot: Slot;
      readonly unknowns: Slot | null;
      readonly predicates: Predicates;
      readonly trees: Trees;
      readonly columns: readonly TestedColumn[];
    }
  /** truth[i] is whether predicate rows[i] is TRUE, unknown[i] whether it is UNKNOWN. */
  | {
      readonly k: 'test';
      readonly truth: Slot;
      readonly unknown: Slot;
      readonly predicates: Predicates;
      readonly rows: readonly number[];
      readonly columns: readonly TestedColumn[];
    };

/** What an operator lowers each of its inputs and outputs to: element `i` of one row. */
export interface Lowered {
  readonly dtype: DType;
  /** Extents of one row, the row axis taken out. */
  readonly dims: readonly number[];
  element(index: Row): Row;
}

export interface Program {
  readonly inputs: readonly Slot[];
  readonly statements: readonly Statement[];
  readonly outputs: readonly { readonly name: string; readonly slot: Slot }[];
}

/** The dtype of what a row expression gives. */
export const dtypeOf = (row: Row): DType => {
  switch (row.k) {
    case 'const':
    case 'apply':
    case 'fold':
    case 'intrinsic':
      return row.dtype;
    case 'element':
      return row.of.dtype;
    case 'at':
      return row.table.dtype;
    case 'choose':
      return dtypeOf(row.otherwise);
    case 'index':
    case 'find':
      return 'int32';
  }
};

/** The expressions directly inside, in the order in which they are written. */
export const children = (row: Row): readonly Row[] => {
  switch (row.k) {
    case 'const':
    case 'index':
      return [];
    case 'element':
      return [row.index];
    case 'apply':
    case 'intrinsic':
      return row.args;
    case 'choose':
      return [...row.when, ...row.then, row.otherwise];
    case 'at':
    case 'find':
      return [row.key];
    case 'fold':
      return row.start ? [row.start, row.body] : [row.body];
  }
};

/** The same expression over other expressions inside. */
export const mapChildren = (row: Row, f: (child: Row) => Row): Row => {
  switch (row.k) {
    case 'const':
    case 'index':
      return row;
    case 'element':
      return { ...row, index: f(row.index) };
    case 'apply':
    case 'intrinsic':
      return { ...row, args: row.args.map(f) };
    case 'choose':
      return { ...row, when: row.when.map(f), then: row.then.map(f), otherwise: f(row.otherwise) };
    case 'at':
    case 'find':
      return { ...row, key: f(row.key) };
    case 'fold':
      return { ...row, start: row.start && f(row.start), body: f(row.body) };
  }
};

/** Every expression that a statement evaluates. */
export const rowsOf = (s: Statement): readonly Row[] => {
  switch (s.k) {
    case 'define':
      return [s.body];
    case 'elements':
      return s.bodies;
    case 'route':
    case 'test':
      return s.columns.flatMap((c) => (c.missing ? [c.value, c.missing] : [c.value]));
  }
};

/** The same statement over other expressions. */
export const mapRows = (s: Statement, f: (row: Row) => Row): Statement => {
  switch (s.k) {
    case 'define':
      return { ...s, body: f(s.body) };
    case 'elements':
      return { ...s, bodies: s.bodies.map(f) };
    case 'route':
    case 'test':
      return {
        ...s,
        columns: s.columns.map((c) => ({ ...c, value: f(c.value), missing: c.missing && f(c.missing) })),
      };
  }
};

/** Slots that a statement fills. */
export const slotsOf = (s: Statement): readonly Slot[] => {
  switch (s.k) {
    case 'define':
    case 'elements':
      return [s.slot];
    case 'route':
      return s.unknowns ? [s.slot, s.unknowns] : [s.slot];
    case 'test':
      return [s.truth, s.unknown];
  }
};
