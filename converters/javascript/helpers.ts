/** Functions that a written module brings along where it needs them: JavaScript's own library lacks them. */
export const helpers = {
  mod: `const mod = (x, y) => {
  const r = x % y;
  return r !== 0 && (r < 0) !== (y < 0) ? r + y : r;
};`,
  roundEven: `const roundEven = (x) => {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
};`,
  erf: `const erf = (x) => {
  if (x === 0 || x !== x) return x;
  if (!(Math.abs(x) < 3)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
};
const erfc = (x) => {
  if (x < -1) return 2 - erfc(-x);
  if (!(x > 1)) return 1 - erf(x);
  if (x > 27) return 0;
  let f = x;
  for (let n = 250; n > 0; n--) f = x + n / 2 / f;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * f);
};`,
  normalCdf: `const normalCdf = (x) => erfc(-x / Math.SQRT2) / 2;`,
  parse: `const parse = (text) => (/^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?$/.test(text.trim()) ? Number(text) : NaN);`,
  parseBig: `const parseBig = (text) =>
  /^[+-]?\\d+$/.test(text.trim()) ? BigInt(text.trim().replace("+", "")) : big(parse(text));`,
  sticky: `const sticky = (x) => {
  if (BigInt.asIntN(54, x) === x) return Number(x);
  const cut = (x >> 11n) << 11n;
  return Number(cut === x ? x : cut | (1n << 11n));
};`,
  substring: `const substring = (text, from, to) => (to > from ? text.slice(from, to) : "");`,
  big: `const big = (x) => (Number.isFinite(x) ? BigInt(Math.trunc(x)) : 0n);`,
  big_div: `const big_div = (x, y) => (y === 0n ? 0n : x / y);`,
  big_mod: `const big_mod = (x, y) => {
  if (y === 0n) return 0n;
  const r = x % y;
  return r !== 0n && r < 0n !== y < 0n ? r + y : r;
};`,
  big_fmod: `const big_fmod = (x, y) => (y === 0n ? 0n : x % y);`,
  pow: `const pow = (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y));`,
  big_pow: `const big_pow = (x, y) => {
  if (y < 0n) return x === 1n ? 1n : x === -1n ? (y % 2n === 0n ? 1n : -1n) : 0n;
  let result = 1n, square = x;
  for (let n = y; n > 0n; n >>= 1n) {
    if (n & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
};`,
  big_min: `const big_min = (x, y) => (x < y ? x : y);`,
  big_max: `const big_max = (x, y) => (x > y ? x : y);`,
  big_abs: `const big_abs = (x) => (x < 0n ? -x : x);`,
  big_sign: `const big_sign = (x) => (x < 0n ? -1n : x > 0n ? 1n : 0n);`,
} as const;

export type HelperName = keyof typeof helpers;

/** What a helper calls itself. */
export const needs: Partial<Record<HelperName, readonly HelperName[]>> = {
  normalCdf: ['erf'],
  parseBig: ['big', 'parse'],
};
