/** Names and constants as JavaScript source: nothing from a model is ever pasted into code unescaped. */
import { type Column, type DType, isBig } from '../../src/tensor/dtype.ts';

/**
 * A string literal. Beside what JSON escapes: line separators, and what could end a script element or open a comment
 * in HTML around the module.
 */
export const quote = (text: string): string =>
  JSON.stringify(text).replace(
    /[<>\u007f-\u009f\u2028\u2029\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A key in an object literal that is never `__proto__: …`. */
export const key = (name: string): string => (name === '__proto__' ? '["__proto__"]' : quote(name));

/** A name in a comment: letters, digits and spaces only. */
export const comment = (name: string): string => name.replace(/[^\p{L}\p{N} _.()+-]/gu, '·').slice(0, 60);

export const number = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

export const literal = (value: number | bigint | string | boolean, dtype: DType): string => {
  if (dtype === 'string') return quote(String(value));
  if (dtype === 'bool') return Number(value) !== 0 ? 'true' : 'false';
  if (isBig(dtype)) return `${BigInt(value as number)}n`;
  const text = number(Number(value));
  return text.startsWith('-') ? `(${text})` : text;
};

type Numbers = Exclude<Column, string[]>;

const arrays = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Int32Array,
  Float32Array,
  Float64Array,
] as const;

/** The smallest array that holds all values exactly. */
const narrowest = (values: ArrayLike<number>): Numbers => {
  for (const A of arrays) {
    const narrow = A.from(values);
    let exact = true;
    for (let i = 0; exact && i < values.length; i++) exact = Object.is(narrow[i], values[i]);
    if (exact) return narrow;
  }
  throw new Error('not numbers');
};

/** Arrays up to this length are written out. */
const short = 24;

/**
 * Source of an array for the values, of exactly the kind `kind`. Long ones are base64 of the little-endian bytes in the
 * narrowest kind that holds the values; `bytes` is the name of the module's decoder.
 */
export const array = (values: ArrayLike<number>, kind: string): string => {
  if (values.length <= short) return `${kind}.of(${Array.from(values, number).join(', ')})`;
  const narrow = narrowest(values);
  const name = narrow.constructor.name;
  const bytes = Buffer.from(narrow.buffer, narrow.byteOffset, narrow.byteLength);
  const code = `decode(${name}, "${bytes.toString('base64')}")`;
  return name === kind ? code : `${kind}.from(${code})`;
};

/** The module's decoder of base64; `atob` is in every browser and in Node. */
export const decoder = `const decode = (Kind, text) => {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
    for (let i = 0; i < bytes.length; i += Kind.BYTES_PER_ELEMENT) bytes.subarray(i, i + Kind.BYTES_PER_ELEMENT).reverse();
  }
  return new Kind(bytes.buffer);
};`;
