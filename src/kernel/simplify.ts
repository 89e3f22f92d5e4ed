/** Row expressions made smaller without changing what they give: constants folded, index arithmetic resolved. */
import type { Data } from '../tensor/data.ts';
import { type DType, isBig, isFloat, isInteger } from '../tensor/dtype.ts';
import { functionOf, type Scalar, scalarOf, wrap } from './functions.ts';
import { dtypeOf, type Loop, mapChildren, type Row, type Slot } from './row.ts';

/** How many times each loop variable in scope runs, and of slots whose elements are indices, how many there are. */
export type Ranges = ReadonlyMap<Loop | Slot, number>;

type Const = Extract<Row, { k: 'const' }>;

export const int = (value: number): Row => ({ k: 'const', dtype: 'int32', value });

const constant = (dtype: DType, value: Scalar): Row => ({ k: 'const', dtype, value });

const isConst = (row: Row | undefined): row is Const => row?.k === 'const';

const same = (row: Row, value: number): boolean => isConst(row) && Number(row.value) === value;

const isTrue = (row: Row): boolean => isConst(row) && scalarOf(row) !== 0 && row.value !== 0n;

const isFalse = (row: Row): boolean => isConst(row) && (scalarOf(row) === 0 || row.value === 0n);

/** The same expression, inside out. */
export const simplify = (row: Row, ranges: Ranges): Row => {
  const inner = row.k === 'fold' && row.over > 0 ? new Map(ranges).set(row.loop, row.over) : ranges;
  return step(
    mapChildren(row, (child) => simplify(child, inner)),
    ranges,
  );
};

const step = (row: Row, ranges: Ranges): Row => {
  switch (row.k) {
    case 'element':
      return row.of.size === 1 && !isConst(row.index) ? { ...row, index: int(0) } : row;
    case 'apply':
      return apply(row, ranges);
    case 'choose':
      return choose(row);
    case 'at':
      return at(row, ranges);
    case 'find':
      return isConst(row.key) ? int(indexIn(row.table, scalarOf(row.key))) : row;
    case 'fold':
      return fold(row, ranges);
    default:
      return row;
  }
};

const indexIn = (table: Data, key: Scalar): number => {
  const all = table.read(0, table.count) as ArrayLike<Scalar>;
  for (let i = 0; i < all.length; i++) if (all[i] === key) return i;
  return -1;
};

const apply = (row: Extract<Row, { k: 'apply' }>, ranges: Ranges): Row => {
  const { fn, args, dtype } = row;
  const [a, b] = args;
  if (a === undefined) return row;
  const argument = dtypeOf(a);
  if (args.every(isConst)) return constant(dtype, functionOf(fn, dtype, argument)(args.map(scalarOf)));
  if (fn === 'cast' && argument === dtype) return a;
  // There and back again: 64 bits hold what 32 do.
  if (fn === 'cast' && argument === 'int64' && a.k === 'apply' && a.fn === 'cast') {
    const [inner] = a.args as [Row];
    const from = dtypeOf(inner);
    if (from === 'bool' || (isInteger(from) && !isBig(from))) {
      return from === dtype ? inner : { ...row, args: [inner] };
    }
  }
  if (fn === 'not' && a.k === 'apply' && a.fn === 'not' && dtypeOf(a.args[0] as Row) === 'bool') {
    return a.args[0] as Row;
  }
  if (b === undefined) return row;
  if (fn === 'lt' && isInteger(argument) && same(b, 0) && greatest(a, ranges) !== undefined) {
    return constant('bool', 0);
  }
  if (dtype === 'bool' && argument === 'bool') {
    if (fn === 'and') {
      if (isFalse(a) || isFalse(b)) return constant('bool', 0);
      if (isTrue(a)) return b;
      if (isTrue(b)) return a;
    }
    if (fn === 'or') {
      if (isTrue(a) || isTrue(b)) return constant('bool', 1);
      if (isFalse(a)) return b;
      if (isFalse(b)) return a;
    }
  }
  return isInteger(dtype) && isInteger(argument) ? arithmetic(row, a, b, ranges) : row;
};

/** Integers: neutral elements, and the quotient and remainder of k·n + i where 0 ≤ i < n. */
const arithmetic = (row: Extract<Row, { k: 'apply' }>, a: Row, b: Row, ranges: Ranges): Row => {
  switch (row.fn) {
    case 'add':
      return same(a, 0) ? b : same(b, 0) ? a : row;
    case 'sub':
      return same(b, 0) ? a : row;
    case 'mul':
      return same(a, 1) ? b : same(b, 1) ? a : same(a, 0) ? a : same(b, 0) ? b : row;
    case 'div':
    case 'mod':
    case 'fmod': {
      if (!isConst(b) || isBig(row.dtype)) return row;
      const n = Number(b.value);
      if (!(n > 0)) return row;
      if (n === 1) return row.fn === 'div' ? a : int(0);
      const most = greatest(a, ranges);
      if (most === undefined) return row;
      if (most < n) return row.fn === 'div' ? constant(row.dtype, 0) : a;
      const [multiple, rest] = split(a, n, ranges);
      if (!multiple || greatest(multiple, ranges) === undefined) return row;
      return row.fn === 'div' ? multiple : rest;
    }
    default:
      return row;
  }
};

/** k and i where the expression is written as k·n + i with 0 ≤ i < n. */
const split = (row: Row, n: number, ranges: Ranges): [Row | undefined, Row] => {
  if (row.k !== 'apply') return [undefined, row];
  const [a, b] = row.args as [Row, Row];
  if (row.fn === 'mul' && same(b, n)) return [a, int(0)];
  if (row.fn === 'mul' && same(a, n)) return [b, int(0)];
  if (row.fn !== 'add') return [undefined, row];
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    const [multiple, rest] = split(x, n, ranges);
    const most = greatest(y, ranges);
    if (multiple && same(rest, 0) && most !== undefined && most < n) return [multiple, y];
  }
  return [undefined, row];
};

/** The greatest value of an expression made of loop variables and indices; undefined where it could be negative. */
export const greatest = (row: Row, ranges: Ranges): number | undefined => {
  if (row.k === 'const') {
    const x = typeof row.value === 'string' ? -1 : Number(row.value);
    return Number.isSafeInteger(x) && x >= 0 ? x : undefined;
  }
  if (row.k === 'index') {
    const n = ranges.get(row.loop);
    return n === undefined ? undefined : n - 1;
  }
  if (row.k === 'element') {
    const n = ranges.get(row.of);
    return n === undefined ? undefined : n - 1;
  }
  if (row.k === 'fold')
    return row.with === 'argmax' || row.with === 'argmin' ? Math.max(0, row.over - 1) : undefined;
  if (row.k === 'choose') {
    const all = [...row.then, row.otherwise].map((r) => greatest(r, ranges));
    return all.every((x) => x !== undefined) ? Math.max(...all) : undefined;
  }
  if (row.k === 'apply' && row.fn === 'cast' && (row.dtype === 'int32' || row.dtype === 'int64')) {
    const [from] = row.args as [Row];
    return isInteger(dtypeOf(from)) ? greatest(from, ranges) : undefined;
  }
  if (row.k === 'at' && isInteger(row.table.dtype) && !isBig(row.table.dtype)) {
    const all = row.table.read(0, row.table.count) as Int32Array;
    let most = 0;
    for (const x of all) {
      if (x < 0) return undefined;
      if (x > most) most = x;
    }
    return most;
  }
  if (row.k !== 'apply' || row.dtype !== 'int32') return undefined;
  const [x, y] = row.args.map((a) => greatest(a, ranges));
  if (x === undefined || y === undefined) return undefined;
  const most =
    row.fn === 'add' ? x + y : row.fn === 'mul' ? x * y : row.fn === 'mod' && y > 0 ? y : undefined;
  return most !== undefined && most < 2 ** 31 ? most : undefined;
};

const choose = (row: Extract<Row, { k: 'choose' }>): Row => {
  const when: Row[] = [];
  const then: Row[] = [];
  let otherwise = row.otherwise;
  for (const [i, w] of row.when.entries()) {
    if (isFalse(w)) continue;
    if (isTrue(w)) {
      otherwise = row.then[i] as Row;
      break;
    }
    when.push(w);
    then.push(row.then[i] as Row);
  }
  if (when.length === 0) return otherwise;
  if (when.length === 1 && dtypeOf(otherwise) === 'bool') {
    if (isTrue(then[0] as Row) && isFalse(otherwise)) return when[0] as Row;
    if (isFalse(then[0] as Row) && isTrue(otherwise)) {
      return { k: 'apply', fn: 'not', args: [when[0] as Row], dtype: 'bool' };
    }
  }
  return { ...row, when, then, otherwise };
};

const at = (row: Extract<Row, { k: 'at' }>, ranges: Ranges): Row => {
  const { table, key } = row;
  if (isConst(key)) {
    const k = Number(key.value);
    return constant(table.dtype, table.read(k, k + 1)[0] as Scalar);
  }
  if (table.count === 1) return constant(table.dtype, table.read(0, 1)[0] as Scalar);
  if (table.count > 1 << 16 || isFloat(table.dtype) || isBig(table.dtype) || table.dtype === 'string')
    return row;
  // Maps that broadcasting makes: everything to one place, or each element to itself.
  const all = table.read(0, table.count) as Int32Array;
  if (all.every((x) => x === all[0])) return constant(table.dtype, all[0] as number);
  if (table.dtype === 'int32' && all.every((x, i) => x === i) && greatest(key, ranges) !== undefined)
    return key;
  return row;
};

const fold = (row: Extract<Row, { k: 'fold' }>, ranges: Ranges): Row => {
  if (row.over === 0 && row.start) return row.start;
  if (row.over === 0 && (row.with === 'any' || row.with === 'all')) {
    return constant('bool', row.with === 'all' ? 1 : 0);
  }
  if (row.over !== 1 || row.start) return row;
  if (row.with === 'argmax' || row.with === 'argmin') return constant(row.dtype, wrap(row.dtype)(0));
  const only = simplify(substitute(row.body, row.loop, int(0)), ranges);
  return dtypeOf(only) === row.dtype ? only : row;
};

/** The expression with a loop variable replaced. */
export const substitute = (row: Row, loop: Loop, by: Row): Row =>
  row.k === 'index' && row.loop === loop ? by : mapChildren(row, (child) => substitute(child, loop, by));
