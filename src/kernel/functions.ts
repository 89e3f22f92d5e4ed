/** What each elementary function of the row language gives, on plain values: bools are 0 and 1, int64 are bigints. */
import type { DType } from '../tensor/dtype.ts';
import { dtypeInfo, isBig, isFloat } from '../tensor/dtype.ts';
import { rounder } from '../tensor/float.ts';
import type { Fn } from './row.ts';
import { erf, normalCdf } from './special.ts';

export type Scalar = number | bigint | string;

/** A constant as its dtype is held: bools as 0 and 1, 64-bit integers as bigints. */
export const scalarOf = ({ value, dtype }: { value: Scalar | boolean; dtype: DType }): Scalar =>
  isBig(dtype) ? BigInt(value) : typeof value === 'boolean' ? Number(value) : value;

type OfNumbers = (...x: number[]) => number;

const bit = (b: boolean): number => (b ? 1 : 0);

/** Remainder with the sign of the divisor (ONNX Mod, fmod = 0; Python's %). By zero: 0 for integers. */
const floorMod: OfNumbers = (x, y) => {
  const r = (x as number) % (y as number);
  return r !== 0 && r < 0 !== (y as number) < 0 ? r + (y as number) : r;
};

/** Nearest integer, ties to even; keeps the sign of zero (IEEE 754 roundToIntegralTiesToEven). */
export const roundEven = (x: number): number => {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
};

/** IEEE 754 pow: 1 to any power, and -1 to an infinite one, are 1 (ECMAScript says NaN). */
const pow = (x: number, y: number): number =>
  x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;

/** In 64 bits, by squaring, wrapping; a negative power is the integer part of the quotient, and 0 where x is 0. */
const powBig = (x: bigint, y: bigint): bigint => {
  if (y < 0n) return x === 1n ? 1n : x === -1n ? (y % 2n === 0n ? 1n : -1n) : 0n;
  let [result, square] = [1n, x];
  for (let n = y; n > 0n; n >>= 1n) {
    if (n & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
};

const onNumbers: Partial<Record<Fn, OfNumbers>> = {
  add: (x, y) => (x as number) + (y as number),
  sub: (x, y) => (x as number) - (y as number),
  mul: (x, y) => (x as number) * (y as number),
  div: (x, y) => (x as number) / (y as number),
  mod: floorMod,
  fmod: (x, y) => (x as number) % (y as number),
  pow: (x, y) => pow(x as number, y as number),
  min: (x, y) => Math.min(x as number, y as number),
  max: (x, y) => Math.max(x as number, y as number),
  neg: (x) => -(x as number),
  abs: (x) => Math.abs(x as number),
  sign: (x) => Math.sign(x as number),
  exp: (x) => Math.exp(x as number),
  expm1: (x) => Math.expm1(x as number),
  log: (x) => Math.log(x as number),
  log1p: (x) => Math.log1p(x as number),
  log10: (x) => Math.log10(x as number),
  sqrt: (x) => Math.sqrt(x as number),
  floor: (x) => Math.floor(x as number),
  ceil: (x) => Math.ceil(x as number),
  trunc: (x) => Math.trunc(x as number),
  roundEven: (x) => roundEven(x as number),
  roundUp: (x) => Math.round(x as number),
  sin: (x) => Math.sin(x as number),
  cos: (x) => Math.cos(x as number),
  tan: (x) => Math.tan(x as number),
  asin: (x) => Math.asin(x as number),
  acos: (x) => Math.acos(x as number),
  atan: (x) => Math.atan(x as number),
  sinh: (x) => Math.sinh(x as number),
  cosh: (x) => Math.cosh(x as number),
  tanh: (x) => Math.tanh(x as number),
  asinh: (x) => Math.asinh(x as number),
  acosh: (x) => Math.acosh(x as number),
  atanh: (x) => Math.atanh(x as number),
  erf: (x) => erf(x as number),
  normalCdf: (x) => normalCdf(x as number),
  isNaN: (x) => bit(Number.isNaN(x)),
  isInf: (x) => bit(x === Infinity || x === -Infinity),
  and: (x, y) => bit(x !== 0 && y !== 0),
  or: (x, y) => bit(x !== 0 || y !== 0),
  xor: (x, y) => bit((x !== 0) !== (y !== 0)),
  not: (x) => bit(x === 0),
};

const onBigs: Partial<Record<Fn, (x: bigint, y: bigint) => bigint>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => (y === 0n ? 0n : x / y),
  mod: (x, y) => {
    if (y === 0n) return 0n;
    const r = x % y;
    return r !== 0n && r < 0n !== y < 0n ? r + y : r;
  },
  fmod: (x, y) => (y === 0n ? 0n : x % y),
  pow: (x, y) => powBig(x, y),
  min: (x, y) => [x, y][Number(y < x)] as bigint,
  max: (x, y) => [x, y][Number(y > x)] as bigint,
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  sign: (x) => (x < 0n ? -1n : x > 0n ? 1n : 0n),
};

/** Compare numbers, bigints and strings alike; strings by UTF-16 code units. */
const comparisons: Partial<Record<Fn, (x: Scalar, y: Scalar) => boolean>> = {
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
};

const onStrings: Partial<Record<Fn, (...x: Scalar[]) => Scalar>> = {
  concat: (...x) => x.join(''),
  upper: (x) => String(x).toUpperCase(),
  lower: (x) => String(x).toLowerCase(),
  trim: (x) => String(x).trim(),
  /** From the first index (from 0) up to the second, in UTF-16 code units; empty where it is not above. */
  substring: (x, from, to) => (Number(to) > Number(from) ? String(x).slice(Number(from), Number(to)) : ''),
  length: (x) => String(x).length,
};

const bigintOf = (x: number): bigint => (Number.isFinite(x) ? BigInt(Math.trunc(x)) : 0n);

/** Brings a number into the dtype: floats round to nearest even, integers are cut towards zero and wrap. */
export const wrap = (dtype: DType): ((x: Scalar) => Scalar) => {
  if (dtype === 'string') return (x) => x;
  if (dtype === 'bool') return (x) => bit(Number(x) !== 0);
  if (isFloat(dtype)) {
    const round = rounder(dtype);
    return (x) => round(Number(x));
  }
  const { kind, bits } = dtypeInfo(dtype);
  if (isBig(dtype)) {
    const cut = dtype === 'int64' ? BigInt.asIntN : BigInt.asUintN;
    return (x) => cut(64, typeof x === 'bigint' ? x : bigintOf(Number(x)));
  }
  const span = 2 ** bits;
  const top = kind === 'int' ? span / 2 : span;
  return (x) => {
    const cut =
      typeof x === 'bigint'
        ? Number(BigInt.asUintN(bits, x))
        : Number.isFinite(x)
          ? Math.trunc(Number(x))
          : 0;
    const low = ((cut % span) + span) % span;
    return low >= top ? low - span : low;
  };
};

/** A string as a number, in plain or scientific notation; whatever else it says is NaN. */
const parse = (text: string): number =>
  /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;

/** A string as a 64-bit integer: all its digits count. */
const parseBig = (text: string): bigint =>
  /^[+-]?\d+$/.test(text.trim()) ? BigInt(text.trim().replace('+', '')) : bigintOf(parse(text));

/**
 * A 64-bit integer as the double from which float32 is reached without rounding twice: to 53 bits, the last one set
 * where something was cut off.
 */
const sticky = (x: bigint): number => {
  if (BigInt.asIntN(54, x) === x) return Number(x);
  const cut = (x >> 11n) << 11n;
  return Number(cut === x ? x : cut | (1n << 11n));
};

/** The function behind an `apply`: takes the arguments, gives the value in `dtype`. */
export const functionOf = (fn: Fn, dtype: DType, argument: DType): ((args: readonly Scalar[]) => Scalar) => {
  const into = wrap(dtype);
  if (fn === 'cast') {
    if (dtype === 'string') return ([x]) => String(x);
    if (argument === 'string') {
      return isBig(dtype) ? ([x]) => into(parseBig(x as string)) : ([x]) => into(parse(x as string));
    }
    return isBig(argument) && isFloat(dtype) && dtype !== 'float64'
      ? ([x]) => into(sticky(x as bigint))
      : ([x]) => into(x as Scalar);
  }
  const compare = comparisons[fn];
  if (compare) return ([x, y]) => bit(compare(x as Scalar, y as Scalar));
  const text = onStrings[fn];
  if (text) return (args) => into(text(...args));
  const big = onBigs[fn];
  if (big && isBig(argument)) return ([x, y]) => into(big(x as bigint, y as bigint));
  const plain = onNumbers[fn];
  if (!plain) throw new Error(`the row language has no function ${fn}`);
  // The product of two int32 may pass 2^53: exact only as bigints.
  if (fn === 'mul' && (argument === 'int32' || argument === 'uint32')) {
    return ([x, y]) => into(BigInt(x as number) * BigInt(y as number));
  }
  return (args) => into(plain(...(args as number[])));
};
