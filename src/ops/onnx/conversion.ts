/** Conversions between element types, as Cast and CastLike share them. ONNX Operators, Cast. */
import { type DType, dtypeInfo, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { unary } from './elementwise.ts';

export interface Casting {
  /** 8-bit floats only: past the range, the largest number (true) or what the format has for it. */
  readonly saturate: boolean;
  /** float8e8m0 only. */
  readonly roundMode: string;
}

/** `t` in another dtype. */
export const cast = (t: Tensor, to: DType, how: Casting): Tensor => {
  if (t.dtype === to) return t;
  if (to === 'string') return unary(t, spelling(t.dtype), to);
  if (isBig(to)) {
    if (t.dtype === 'string') return unary(t, parseWhole, to);
    return isBig(t.dtype) ? unary(t, (x: bigint) => x, to) : unary(t, wholePart, to);
  }
  const into = fromNumber(to, how);
  if (t.dtype === 'string') return unary(t, (text: string) => into(parseNumber(text)), to);
  return isBig(t.dtype) ? unary(t, (x: bigint) => into(fromBig(x, to)), to) : unary(t, into, to);
};

/** A number brought into a dtype that is held as numbers. */
const fromNumber = (to: DType, how: Casting): ((x: number) => number) => {
  const { kind, bits } = dtypeInfo(to);
  if (kind === 'bool') return (x) => (x === 0 ? 0 : 1);
  if (to === 'float8e8m0') return (x) => toScale(x, how);
  if (kind === 'float') {
    const round = bits === 8 && how.saturate ? saturating(to) : rounder(to);
    // Floats of 4 and 6 bits have no NaN; the standard's own cases make it 0.
    return bits < 8 ? (x) => (Number.isNaN(x) ? 0 : round(x)) : round;
  }
  // Storing in an array of 8 bits or more cuts towards zero and wraps; narrower integers wrap here. Floats outside the
  // range, which the standard leaves undefined, wrap as well; what is not finite becomes 0.
  if (bits >= 8) return (x) => x;
  const span = 2 ** bits;
  const top = kind === 'int' ? span / 2 : span;
  return (x) => {
    const low = Number.isFinite(x) ? ((Math.trunc(x) % span) + span) % span : 0;
    return low >= top ? low - span : low;
  };
};

/** A 64-bit integer as the number from which `to` is reached without rounding twice. */
const fromBig = (x: bigint, to: DType): number => {
  if (to === 'bool') return x === 0n ? 0 : 1;
  if (!isFloat(to)) return Number(BigInt.asIntN(32, x));
  if (to === 'float64' || BigInt.asIntN(54, x) === x) return Number(x);
  // To 53 bits, the last one set where something was cut off: it decides ties in the rounding that follows.
  const cut = (x >> 11n) << 11n;
  return Number(cut === x ? x : cut | (1n << 11n));
};

const wholePart = (x: number): bigint => (Number.isFinite(x) ? BigInt(Math.trunc(x)) : 0n);

/** 8-bit floats: past the largest number, infinities too, the largest number. NaN stays. */
const saturating = (to: DType): ((x: number) => number) => {
  const round = rounder(to);
  const largest = { float8e4m3fn: 448, float8e4m3fnuz: 240, float8e5m2: 57344, float8e5m2fnuz: 57344 }[
    to as string
  ] as number;
  return (x) => {
    const r = round(x);
    return Number.isFinite(r) || Number.isNaN(x) ? r : Math.sign(x) * largest;
  };
};

/** float8e8m0: powers of two from 2^-127 to 2^127, and NaN. A negative number, undefined in the standard, is NaN. */
const toScale = (x: number, { saturate, roundMode }: Casting): number => {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x < 2 ** -127) return saturate ? 2 ** -127 : Number.NaN;
  if (x > 2 ** 127) return saturate ? 2 ** 127 : Number.NaN;
  const floor = Math.floor(Math.log2(x));
  const below = 2 ** (2 ** floor > x ? floor - 1 : 2 ** (floor + 1) <= x ? floor + 1 : floor);
  if (x === below || roundMode === 'down') return below;
  // nearest: ties go up.
  return roundMode === 'up' || x >= 1.5 * below ? 2 * below : below;
};

const infinities = new Map([
  ['INF', Infinity],
  ['+INF', Infinity],
  ['-INF', -Infinity],
]);

/**
 * A string as a number: plain or scientific notation, INF and NaN in any case. Whatever else it says, which the
 * standard leaves undefined, is NaN.
 */
const parseNumber = (text: string): number => {
  const trimmed = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)
    ? Number(trimmed)
    : (infinities.get(trimmed.toUpperCase()) ?? Number.NaN);
};

const parseWhole = (text: string): bigint =>
  /^[+-]?\d+$/.test(text.trim()) ? BigInt(text.trim().replace(/^\+/, '')) : wholePart(parseNumber(text));

/** Elements as text: numbers in the fewest digits that read back the same, without an exponent; true is 1. */
const spelling = (from: DType): ((x: never) => string) => {
  if (!isFloat(from)) return (x: number | bigint) => String(x);
  const round = rounder(from);
  return (x: number) => {
    if (Number.isNaN(x)) return 'NaN';
    if (!Number.isFinite(x)) return x > 0 ? 'INF' : '-INF';
    let digits = from === 'float64' ? 17 : 1;
    while (digits < 17 && round(Number(x.toPrecision(digits))) !== x) digits++;
    const short = from === 'float64' ? x : Number(x.toPrecision(digits));
    return `${Object.is(x, -0) ? '-' : ''}${plain(String(short))}`;
  };
};

/** A number in scientific notation written out. */
const plain = (text: string): string => {
  const [, sign = '', whole = '', fraction = '', power] = /^(-?)(\d+)\.?(\d*)e([+-]\d+)$/.exec(text) ?? [];
  if (power === undefined) return text;
  const point = whole.length + Number(power);
  const digits = `${'0'.repeat(Math.max(1 - point, 0))}${whole}${fraction}`.padEnd(point, '0');
  const at = Math.max(point, 1);
  return `${sign}${digits.slice(0, at)}${digits.length > at ? `.${digits.slice(at)}` : ''}`;
};
