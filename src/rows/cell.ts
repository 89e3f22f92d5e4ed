/** What the text of one cell means in a dtype, and how a value is spelled so that it reads back exactly. */
import type { DType } from '../tensor/dtype.ts';
import type { Cell } from './table.ts';

const decimalNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const wholeNumber = /^[+-]?\d+(?:\.0*)?$/;

/** Blanks around a number are no part of it; around a string they are. */
const bare = (text: string): string => {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  return first <= 32 || last <= 32 ? text.replace(/^[ \t]+|[ \t]+$/g, '') : text;
};

/** A decimal number, NaN, Infinity or -Infinity; undefined where the text is none (hexadecimal, digits grouped …). */
export const parseNumber = (text: string, decimal = '.'): number | undefined => {
  const t = bare(text);
  if (decimal !== '.') {
    if (t.includes('.')) return undefined;
    return parseNumber(t.replace(decimal, '.'));
  }
  if (decimalNumber.test(t)) return Number(t);
  if (t === 'NaN') return Number.NaN;
  if (t === 'Infinity' || t === '+Infinity') return Infinity;
  if (t === '-Infinity') return -Infinity;
  return undefined;
};

/** An integer, perhaps written with a fraction of zeros (`3.0`, as tables with holes are often exported). */
export const parseInteger = (text: string, decimal = '.'): bigint | undefined => {
  const t = decimal === '.' ? bare(text) : bare(text).replace(decimal, '.');
  if (!wholeNumber.test(t)) return undefined;
  const digits = t.startsWith('+') ? t.slice(1) : t;
  const dot = digits.indexOf('.');
  return BigInt(dot < 0 ? digits : digits.slice(0, dot));
};

export const parseBoolean = (text: string): boolean | undefined => {
  switch (bare(text)) {
    case 'true':
    case 'True':
    case 'TRUE':
    case '1':
      return true;
    case 'false':
    case 'False':
    case 'FALSE':
    case '0':
      return false;
  }
  return undefined;
};

const ranges: Partial<Record<DType, readonly [bigint, bigint]>> = {};
for (const bits of [2, 4, 8, 16, 32, 64]) {
  const n = BigInt(bits);
  ranges[`int${bits}` as DType] = [-(1n << (n - 1n)), (1n << (n - 1n)) - 1n];
  ranges[`uint${bits}` as DType] = [0n, (1n << n) - 1n];
}

/** Does the integer dtype hold it? */
export const inRange = (x: bigint, dtype: DType): boolean => {
  const range = ranges[dtype];
  return range === undefined || (x >= range[0] && x <= range[1]);
};

/** The double whose shortest spelling is the shortest decimal that reads back as the float32 `x`. */
export const shortest32 = (x: number): number => {
  if (x === 0 || !Number.isFinite(x)) return x;
  // Any decimal of six digits survives a normal float32, so a shorter one shows as trailing zeros here.
  for (let digits = Math.abs(x) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const d = Number(x.toPrecision(digits));
    if (Math.fround(d) === x) return d;
  }
  return Number(x.toPrecision(9));
};

/** The cell as text: numbers in their shortest form that reads back exactly, a missing cell empty. */
export const spell = (cell: Cell): string => {
  if (cell === null) return '';
  if (typeof cell === 'number') return Object.is(cell, -0) ? '-0' : String(cell);
  return Array.isArray(cell) ? `[${cell.map(spell).join(' ')}]` : String(cell);
};
