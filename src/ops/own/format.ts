/**
 * Numbers and moments as text: the conversions of C's printf and strftime (ISO/IEC 9899, 7.21.6.1 and 7.27.3.5, the
 * C locale), which PMML's formatNumber and formatDatetime take their patterns from.
 */

/** A pattern made ready; undefined where it is none. */
export type Formatter = (x: number) => string;

interface Conversion {
  readonly flags: ReadonlySet<string>;
  readonly width: number;
  /** undefined: not given. */
  readonly precision: number | undefined;
  readonly letter: string;
}

const conversion = /%(?:%|([-+ #0]*)(\d{0,4})(?:\.(\d{0,3}))?(?:hh|h|ll|l|L|q|j|z|t)?([diufFeEgGxXoscaA]))/g;

/** Pieces of a printf pattern: text, and at most one conversion. */
export const numberFormatter = (pattern: string): Formatter | undefined => {
  const pieces: (string | Conversion)[] = [];
  let from = 0;
  for (const m of pattern.matchAll(conversion)) {
    pieces.push(pattern.slice(from, m.index));
    from = m.index + m[0].length;
    if (m[0] === '%%') pieces.push('%');
    else {
      pieces.push({
        flags: new Set(m[1]),
        width: Number(m[2]),
        precision: m[3] === undefined ? undefined : Number(m[3]),
        letter: m[4] as string,
      });
    }
  }
  pieces.push(pattern.slice(from));
  const conversions = pieces.filter((p) => typeof p !== 'string');
  if (pieces.some((p) => typeof p === 'string' && p !== '%' && p.includes('%'))) return undefined;
  if (conversions.length !== 1 || 'ca'.includes(conversions[0]?.letter.toLowerCase() as string))
    return undefined;
  return (x) => pieces.map((p) => (typeof p === 'string' ? p : convert(p, x))).join('');
};

const convert = (c: Conversion, x: number): string => {
  const upper = c.letter !== c.letter.toLowerCase();
  const letter = c.letter.toLowerCase();
  const negative = x < 0 || Object.is(x, -0);
  const a = Math.abs(x);
  const finite = Number.isFinite(x);
  const whole = 'dixou'.includes(letter);
  const digits = finite
    ? whole
      ? integer(a, letter, c)
      : letter === 's'
        ? String(a)
        : real(a, letter, c)
    : Number.isNaN(x)
      ? 'nan'
      : 'inf';
  const minus = negative && !(whole && Math.trunc(a) === 0);
  const sign = minus ? '-' : c.flags.has('+') ? '+' : c.flags.has(' ') ? ' ' : '';
  const zeros = c.flags.has('0') && !c.flags.has('-') && finite && !(whole && c.precision !== undefined);
  const body = upper ? digits.toUpperCase() : digits;
  if (zeros) return sign + body.padStart(c.width - sign.length, '0');
  return c.flags.has('-') ? (sign + body).padEnd(c.width) : (sign + body).padStart(c.width);
};

/** A conversion of whole numbers takes what stands before the point. */
const integer = (a: number, letter: string, { flags, precision }: Conversion): string => {
  const radix = letter === 'x' ? 16 : letter === 'o' ? 8 : 10;
  const n = BigInt(Math.trunc(a));
  const digits = (precision === 0 && n === 0n ? '' : n.toString(radix)).padStart(precision ?? 1, '0');
  if (!flags.has('#') || n === 0n) return digits;
  return letter === 'x' ? `0x${digits}` : letter === 'o' && !digits.startsWith('0') ? `0${digits}` : digits;
};

const real = (a: number, letter: string, { flags, precision }: Conversion): string => {
  const p = precision ?? 6;
  const alternate = flags.has('#');
  if (letter === 'f') return point(fixed(a, p), alternate);
  if (letter === 'e') return exponential(a, p, alternate);
  const significant = p === 0 ? 1 : p;
  const x = exponentOf(a, significant);
  const text =
    x < -4 || x >= significant
      ? exponential(a, significant - 1, alternate)
      : point(fixed(a, significant - 1 - x), alternate);
  if (alternate) return text;
  const [mantissa, power] = text.split('e') as [string, string | undefined];
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return power === undefined ? short : `${short}e${power}`;
};

const point = (digits: string, alternate: boolean): string =>
  alternate && !digits.includes('.') ? `${digits}.` : digits;

/** The digits of a ≥ 0 exactly: the whole part, and the fraction as far as it goes. */
const exactly = (a: number): readonly [whole: bigint, fraction: bigint, scale: number] => {
  let scale = 0;
  let n = a;
  // Doubling is exact; a double has at most 1074 binary places.
  while (!Number.isInteger(n)) {
    n *= 2;
    scale++;
  }
  const whole = BigInt(n) >> BigInt(scale);
  return [whole, BigInt(n) - (whole << BigInt(scale)), scale];
};

/** Rounded to p decimal places, exact ties to even, as IEEE arithmetic asks of conversions. */
const fixed = (a: number, p: number): string => {
  const [whole, fraction, scale] = exactly(a);
  const power = 10n ** BigInt(p);
  const scaled = ((whole << BigInt(scale)) + fraction) * power;
  const unit = 1n << BigInt(scale);
  const below = scaled / unit;
  const twice = 2n * (scaled - below * unit);
  const up = twice > unit || (twice === unit && below % 2n === 1n);
  const digits = (up ? below + 1n : below).toString().padStart(p + 1, '0');
  return p === 0 ? digits : `${digits.slice(0, -p)}.${digits.slice(-p)}`;
};

/** Digits to p places behind the first, and the exponent of ten; ties to even. */
const scientific = (a: number, p: number): readonly [digits: string, exponent: number] => {
  if (a === 0) return ['0'.repeat(p + 1), 0];
  const [whole, fraction, scale] = exactly(a);
  const value = (whole << BigInt(scale)) + fraction;
  const unit = 1n << BigInt(scale);
  let exponent = Math.floor(Math.log10(a));
  for (;;) {
    const shift = p - exponent;
    const top = shift >= 0 ? value * 10n ** BigInt(shift) : value;
    const bottom = shift >= 0 ? unit : unit * 10n ** BigInt(-shift);
    const below = top / bottom;
    const twice = 2n * (top - below * bottom);
    const digits = twice > bottom || (twice === bottom && below % 2n === 1n) ? below + 1n : below;
    const text = digits.toString();
    if (text.length === p + 1) return [text, exponent];
    // log10 was one off, or rounding made a digit more.
    exponent += text.length > p + 1 ? 1 : -1;
  }
};

const exponentOf = (a: number, significant: number): number => scientific(a, significant - 1)[1];

const exponential = (a: number, p: number, alternate: boolean): string => {
  const [digits, exponent] = scientific(a, p);
  const mantissa = p === 0 ? digits : `${digits[0]}.${digits.slice(1)}`;
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${point(mantissa, alternate)}e${exponent < 0 ? '-' : '+'}${power}`;
};

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const two = (n: number, fill = '0'): string => String(n).padStart(2, fill);
const dayMs = 86_400_000;
const dayOfYear = (d: Date): number => Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0, 1)) / dayMs);
const hour12 = (d: Date): number => d.getUTCHours() % 12 || 12;
const short = (name: string | undefined): string => (name as string).slice(0, 3);

/** Year and week of ISO 8601: weeks begin on Monday, the first one holds the year's first Thursday. */
const isoWeek = (d: Date): readonly [year: number, week: number] => {
  const thursday = new Date(d.getTime() + (3 - ((d.getUTCDay() + 6) % 7)) * dayMs);
  return [thursday.getUTCFullYear(), Math.floor(dayOfYear(thursday) / 7) + 1];
};

const moments: ReadonlyMap<string, (d: Date) => string> = new Map<string, (d: Date) => string>([
  ['a', (d) => short(days[d.getUTCDay()])],
  ['A', (d) => days[d.getUTCDay()] as string],
  ['b', (d) => short(months[d.getUTCMonth()])],
  ['B', (d) => months[d.getUTCMonth()] as string],
  ['c', (d) => strftime('%a %b %e %H:%M:%S %Y', d) as string],
  ['C', (d) => two(Math.floor(d.getUTCFullYear() / 100))],
  ['d', (d) => two(d.getUTCDate())],
  ['D', (d) => strftime('%m/%d/%y', d) as string],
  ['e', (d) => two(d.getUTCDate(), ' ')],
  ['F', (d) => strftime('%Y-%m-%d', d) as string],
  ['g', (d) => two(isoWeek(d)[0] % 100)],
  ['G', (d) => String(isoWeek(d)[0])],
  ['h', (d) => short(months[d.getUTCMonth()])],
  ['H', (d) => two(d.getUTCHours())],
  ['I', (d) => two(hour12(d))],
  ['j', (d) => String(dayOfYear(d) + 1).padStart(3, '0')],
  ['m', (d) => two(d.getUTCMonth() + 1)],
  ['M', (d) => two(d.getUTCMinutes())],
  ['n', () => '\n'],
  ['p', (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM')],
  ['r', (d) => strftime('%I:%M:%S %p', d) as string],
  ['R', (d) => strftime('%H:%M', d) as string],
  ['S', (d) => two(d.getUTCSeconds())],
  ['t', () => '\t'],
  ['T', (d) => strftime('%H:%M:%S', d) as string],
  ['u', (d) => String(d.getUTCDay() || 7)],
  ['U', (d) => two(Math.floor((dayOfYear(d) + 7 - d.getUTCDay()) / 7))],
  ['V', (d) => two(isoWeek(d)[1])],
  ['w', (d) => String(d.getUTCDay())],
  ['W', (d) => two(Math.floor((dayOfYear(d) + 7 - ((d.getUTCDay() + 6) % 7)) / 7))],
  ['x', (d) => strftime('%m/%d/%y', d) as string],
  ['X', (d) => strftime('%H:%M:%S', d) as string],
  ['y', (d) => two(d.getUTCFullYear() % 100)],
  ['Y', (d) => String(d.getUTCFullYear())],
  ['%', () => '%'],
]);

const strftime = (pattern: string, d: Date): string | undefined => {
  let known = true;
  const text = pattern.replace(/%[EO]?(.?)/gs, (_, letter: string) => {
    const say = moments.get(letter);
    known &&= say !== undefined;
    return say?.(d) ?? '';
  });
  return known ? text : undefined;
};

/** Seconds since 1970-01-01, or since midnight, by a strftime pattern; undefined where it is none. */
export const datetimeFormatter = (pattern: string): Formatter | undefined =>
  strftime(pattern, new Date(0)) === undefined
    ? undefined
    : (seconds) => {
        const d = new Date(Math.floor(seconds) * 1000);
        return Number.isNaN(d.getTime()) ? '' : (strftime(pattern, d) as string);
      };
