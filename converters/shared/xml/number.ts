/** Decimal numbers straight from bytes, where that is exact. */

const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** The most that takes one more digit and stays below 2^53, so that every step is exact. */
const room = Math.floor(Number.MAX_SAFE_INTEGER / 10) - 1;

/**
 * The double nearest to the decimal in bytes `from` to `to`; undefined where these are no plain decimal: the text has to be looked at then.
 * Digits up to 2^53 are exact, so are powers of ten to 10^22, and the one product or quotient of both is rounded once
 * (Clinger 1990); what takes more is left to the engine.
 */
export const decimal = (bytes: Buffer, from: number, to: number): number | undefined => {
  let at = from;
  const sign = bytes[at];
  if (sign === 0x2d || sign === 0x2b) at++;
  let digits = 0;
  let exact = true;
  let point = -1;
  const first = at;
  for (; at < to; at++) {
    const d = (bytes[at] as number) - 0x30;
    if (d >= 0 && d <= 9) {
      if (digits > room) exact = false;
      digits = digits * 10 + d;
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
  if (!exact || exponent < -22 || exponent > 22) return Number(bytes.toString('latin1', from, to));
  const value = exponent < 0 ? digits / (powers[-exponent] as number) : digits * (powers[exponent] as number);
  return sign === 0x2d ? -value : value;
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
