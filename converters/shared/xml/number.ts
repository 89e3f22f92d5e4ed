/** Decimal numbers straight from bytes, where that is exact. */

const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** The most that takes one more digit and stays below 2^53, so that every step is exact. */
const room = Math.floor(Number.MAX_SAFE_INTEGER / 10) - 1;

/**
 * The double nearest to the decimal in bytes `from` to `to`; undefined where these are no plain decimal: the text has to be looked at then.
 * Digits up to 2^53 are exact, so are powers of ten to 10^22, and the one product or quotient of both is rounded once
 * (Clinger 1990). A few digits more, as numbers printed with 17 have, are divided with what is left over; what takes still
 * more is left to the engine.
 */
export const decimal = (bytes: Buffer, from: number, to: number): number | undefined => {
  let at = from;
  const sign = bytes[at];
  if (sign === 0x2d || sign === 0x2b) at++;
  let digits = 0;
  /** The digits behind those, and how many they are. */
  let more = 0;
  let further = 0;
  let point = -1;
  const first = at;
  for (; at < to; at++) {
    const d = (bytes[at] as number) - 0x30;
    if (d >= 0 && d <= 9) {
      if (digits <= room) digits = digits * 10 + d;
      else {
        more = more * 10 + d;
        further++;
      }
    } else if (d === -2 && point < 0) point = at;
    else break;
  }
  if (at - first === (point < 0 ? 0 : 1)) return undefined;
  let exponent = point < 0 ? 0 : point + 1 - at;
  if (at < to) {
    const e = exponentOf(bytes, at, to);
    if (e === undefined) return undefined;
    exponent += e;
  }
  let value: number;
  if (exponent < -22 || exponent > 22) value = Number.NaN;
  else if (further === 0) {
    value = exponent < 0 ? digits / (powers[-exponent] as number) : digits * (powers[exponent] as number);
  } else {
    value =
      further > 3 || exponent > 0
        ? Number.NaN
        : quotient(digits, powers[further] as number, more, powers[-exponent] as number);
  }
  if (Number.isNaN(value)) return Number(bytes.toString('latin1', from, to));
  return sign === 0x2d ? -value : value;
};

/**
 * (a · p + b) / y, rounded once, for a < 2^53, a · p + b < 2^63 and p, y powers of ten; NaN where it is too near to the middle between two
 * doubles to be told. The dividend is two doubles, exactly, and so is what the quotient leaves of it (Dekker 1971); only the
 * correction is rounded, by less than 2^-51 of itself.
 */
const quotient = (a: number, p: number, b: number, y: number): number => {
  const scaled = a * p;
  const dividend = scaled + b;
  const rest = lost(a, p, scaled) + (scaled - dividend + b);
  const q = dividend / y;
  const back = q * y;
  const correction = (dividend - back - lost(q, y, back) + rest) / y;
  const slack = Math.abs(correction) * 2 ** -50;
  const low = q + (correction - slack);
  return low === q + (correction + slack) ? low : Number.NaN;
};

/** What `product`, the rounded a · b, is short of it. */
const lost = (a: number, b: number, product: number): number => {
  const high = upper(a);
  const low = a - high;
  const top = upper(b);
  const bottom = b - top;
  return high * top - product + high * bottom + low * top + low * bottom;
};

/** The upper half of the bits of a double. */
const upper = (x: number): number => {
  const scaled = x * 0x8000001;
  return scaled - (scaled - x);
};

/** `e-12`, of at most three digits. */
const exponentOf = (bytes: Uint8Array, from: number, to: number): number | undefined => {
  if (((bytes[from] as number) | 0x20) !== 0x65) return undefined;
  const sign = bytes[from + 1];
  const first = sign === 0x2d || sign === 0x2b ? from + 2 : from + 1;
  if (first >= to || to - first > 3) return undefined;
  let e = 0;
  for (let at = first; at < to; at++) {
    const d = (bytes[at] as number) - 0x30;
    if (!(d >= 0 && d <= 9)) return undefined;
    e = e * 10 + d;
  }
  return sign === 0x2d ? -e : e;
};
