/**
 * Rounding to the binary float formats, and distances counted in units in the last place (ULP).
 * IEEE 754-2019; OCP 8-bit, 6-bit and 4-bit formats as ONNX names them.
 */
import type { DType } from './dtype.ts';

const bits64 = new BigInt64Array(1);
const view64 = new Float64Array(bits64.buffer);
const bits32 = new Int32Array(1);
const view32 = new Float32Array(bits32.buffer);

/** The doubles in order, as integers: neighbours differ by one, -0 and 0 are both 0. */
export const order64 = (x: number): bigint => {
  view64[0] = x;
  const b = bits64[0] as bigint;
  return b < 0n ? -(b & 0x7fff_ffff_ffff_ffffn) : b;
};

export const fromOrder64 = (n: bigint): number => {
  bits64[0] = n < 0n ? -n | -0x8000_0000_0000_0000n : n;
  return view64[0] as number;
};

/** The float32 numbers in order, as integers. `x` must be a float32. */
export const order32 = (x: number): number => {
  view32[0] = x;
  const b = bits32[0] as number;
  return b < 0 ? -(b & 0x7fff_ffff) : b;
};

export const fromOrder32 = (n: number): number => {
  bits32[0] = n < 0 ? -n | -0x8000_0000 : n;
  return view32[0] as number;
};

/** The next double above; Infinity stays. */
export const nextUp64 = (x: number): number =>
  x === Infinity || Number.isNaN(x) ? x : fromOrder64(order64(x) + 1n);

export const nextDown64 = (x: number): number =>
  x === -Infinity || Number.isNaN(x) ? x : fromOrder64(order64(x) - 1n);

export const nextUp32 = (x: number): number =>
  x === Infinity || Number.isNaN(x) ? x : fromOrder32(order32(x) + 1);

export const nextDown32 = (x: number): number =>
  x === -Infinity || Number.isNaN(x) ? x : fromOrder32(order32(x) - 1);

/** Neighbours in the dtype: `[below, above]`; for integers one apart. */
export const neighbours = (x: number, dtype: DType): [number, number] => {
  if (dtype === 'float64') return [nextDown64(x), nextUp64(x)];
  if (dtype === 'float32') return [nextDown32(x), nextUp32(x)];
  return [x - 1, x + 1];
};

/** How many representable numbers lie between: 0 for equal, for NaN and NaN, and for ±0; Infinity if just one is NaN. */
export const ulpDistance = (a: number, b: number, dtype: DType = 'float64'): number => {
  if (a === b) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity;
  if (dtype === 'float32') return Math.abs(order32(a) - order32(b));
  const d = order64(a) - order64(b);
  return Number(d < 0n ? -d : d);
};

/** The largest float32 not above `x`: exact narrowing of `<=` and `>` over float32 inputs. */
export const floor32 = (x: number): number => {
  const r = Math.fround(x);
  return r > x ? nextDown32(r) : r;
};

/** The smallest float32 not below `x`: exact narrowing of `<` and `>=` over float32 inputs. */
export const ceil32 = (x: number): number => {
  const r = Math.fround(x);
  return r < x ? nextUp32(r) : r;
};

interface Mini {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** ieee: the top exponent is Inf and NaN; fn: no Inf, all ones is NaN; fnuz: no Inf, -0 is NaN; none: finite only. */
  readonly special: 'ieee' | 'fn' | 'fnuz' | 'none';
}

const minis: Partial<Record<DType, Mini>> = {
  float16: { exponent: 5, mantissa: 10, bias: 15, special: 'ieee' },
  bfloat16: { exponent: 8, mantissa: 7, bias: 127, special: 'ieee' },
  float8e4m3fn: { exponent: 4, mantissa: 3, bias: 7, special: 'fn' },
  float8e4m3fnuz: { exponent: 4, mantissa: 3, bias: 8, special: 'fnuz' },
  float8e5m2: { exponent: 5, mantissa: 2, bias: 15, special: 'ieee' },
  float8e5m2fnuz: { exponent: 5, mantissa: 2, bias: 16, special: 'fnuz' },
  float6e2m3: { exponent: 2, mantissa: 3, bias: 1, special: 'none' },
  float6e3m2: { exponent: 3, mantissa: 2, bias: 3, special: 'none' },
  float4e2m1: { exponent: 2, mantissa: 1, bias: 1, special: 'none' },
};

/** The number that the bit pattern `code` stands for. */
export const decodeMini = (code: number, dtype: DType): number => {
  if (dtype === 'float8e8m0') return code === 255 ? Number.NaN : 2 ** (code - 127);
  const f = minis[dtype];
  if (!f) throw new Error(`${dtype} is no small float format`);
  const { exponent, mantissa, bias, special } = f;
  const sign = code >> (exponent + mantissa) ? -1 : 1;
  const e = (code >> mantissa) & ((1 << exponent) - 1);
  const m = code & ((1 << mantissa) - 1);
  const top = (1 << exponent) - 1;
  if (special === 'ieee' && e === top) return m === 0 ? sign * Infinity : Number.NaN;
  if (special === 'fn' && e === top && m === (1 << mantissa) - 1) return Number.NaN;
  if (special === 'fnuz' && sign < 0 && e === 0 && m === 0) return Number.NaN;
  return e === 0 ? sign * m * 2 ** (1 - bias - mantissa) : sign * (1 + m / (1 << mantissa)) * 2 ** (e - bias);
};

const roundHalfEven = (x: number): number => {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
};

/** The largest finite number of a format. */
const largest = ({ exponent, mantissa, bias, special }: Mini): number => {
  const top = (1 << exponent) - 1;
  if (special === 'ieee') return (2 - 2 ** -mantissa) * 2 ** (top - 1 - bias);
  if (special === 'fn') return (2 - 2 * 2 ** -mantissa) * 2 ** (top - bias);
  return (2 - 2 ** -mantissa) * 2 ** (top - bias);
};

/** Rounds to the nearest number of the format, ties to even; past the range Inf where there is one, else NaN (fn, fnuz) or the largest. */
const roundMini = (x: number, f: Mini): number => {
  if (Number.isNaN(x) || x === 0) return f.special === 'fnuz' && x === 0 ? 0 : x;
  const { mantissa, bias, special } = f;
  const a = Math.abs(x);
  const e = a === Infinity ? 1024 : Math.max(Math.floor(Math.log2(a)), 1 - bias);
  // log2 may be one off next to a power of two: the scaled value then leaves [2^mantissa, 2^(mantissa+1)), harmlessly
  // for the grid below it, and is corrected here for the grid above.
  const exact = a < 2 ** e && e > 1 - bias ? e - 1 : a >= 2 ** (e + 1) ? e + 1 : e;
  const step = 2 ** (exact - mantissa);
  const r = a === Infinity ? a : roundHalfEven(a / step) * step;
  if (r > largest(f)) {
    const over = special === 'ieee' ? Infinity : special === 'none' ? largest(f) : Number.NaN;
    return Math.sign(x) * over;
  }
  const signed = Math.sign(x) * r;
  return signed === 0 && special === 'fnuz' ? 0 : x < 0 && r === 0 ? -0 : signed;
};

/** A function that rounds a double to the float dtype, to nearest, ties to even. */
export const rounder = (dtype: DType): ((x: number) => number) => {
  if (dtype === 'float64') return (x) => x;
  if (dtype === 'float32') return Math.fround;
  const mini = minis[dtype];
  return mini ? (x) => roundMini(x, mini) : (x) => x;
};

/** The bit pattern of a number that the format holds exactly (round first). */
export const encodeMini = (x: number, dtype: DType): number => {
  if (dtype === 'float8e8m0') return Number.isNaN(x) ? 255 : Math.round(Math.log2(x)) + 127;
  const f = minis[dtype];
  if (!f) throw new Error(`${dtype} is no small float format`);
  const { exponent, mantissa, bias, special } = f;
  const width = exponent + mantissa;
  const top = ((1 << exponent) - 1) << mantissa;
  if (Number.isNaN(x)) {
    if (special === 'ieee') return top | (1 << (mantissa - 1));
    return special === 'fnuz' ? 1 << width : (1 << width) - 1;
  }
  const sign = x < 0 || Object.is(x, -0) ? 1 << width : 0;
  const a = Math.abs(x);
  if (a === Infinity) return sign | top;
  if (a < 2 ** (1 - bias)) return sign | Math.round(a / 2 ** (1 - bias - mantissa));
  const e = Math.floor(Math.log2(a));
  return sign | ((e + bias) << mantissa) | Math.round((a / 2 ** e - 1) * (1 << mantissa));
};
