/** XML as it is written: escaped, indented by one blank a level, in chunks. */
import { fail } from '../../../src/ir/diagnostic.ts';

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element in memory; what grows with a model (the nodes of trees) is generated instead. */
export interface Markup {
  readonly name: string;
  readonly attributes: Attributes;
  readonly children: readonly Markup[];
  readonly text?: string;
}

export const element = (
  name: string,
  attributes: Attributes = {},
  children: readonly Markup[] = [],
): Markup => ({
  name,
  attributes,
  children,
});

/** Characters that XML 1.0 has no way to write, escaped or not: controls, halves of surrogate pairs, two others. */
const isUnwritable = (c: string): boolean => {
  const code = c.codePointAt(0) as number;
  return (
    (code < 0x20 && c !== '\t' && c !== '\n' && c !== '\r') ||
    (code >= 0xd800 && code <= 0xdfff) ||
    code === 0xfffe ||
    code === 0xffff
  );
};

const special: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Blanks are escaped too where a reader would normalise them. */
export const escaped = (text: string): string => {
  if (!/[^ !#-%'-;=?-~]/.test(text)) return text;
  if ([...text].some(isUnwritable)) {
    fail('pmml/character', `XML cannot write a character of ${JSON.stringify(text)}`);
  }
  return text.replace(/[&<>"\t\n\r]/g, (c) => special[c] as string);
};

/** Between tags a quote is itself: pmml4s takes what stands behind an entity for another text. */
const escapedText = (text: string): string =>
  escaped(text).replaceAll('&quot;', '"').replaceAll('&#9;', '\t');

/** The shortest text that reads back as the same double. */
export const numeral = (x: number): string =>
  x === Infinity ? 'INF' : x === -Infinity ? '-INF' : Object.is(x, -0) ? '-0' : String(x);

const indents = Array.from({ length: 41 }, (_, n) => ' '.repeat(n));

const blanks = (depth: number): string => indents[Math.min(depth, 40)] as string;

const opening = (name: string, attributes: Attributes): string => {
  let text = `<${name}`;
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined) continue;
    text += ` ${key}="${typeof value === 'number' ? numeral(value) : escaped(value)}"`;
  }
  return text;
};

export const open = (depth: number, name: string, attributes: Attributes = {}): string =>
  `${blanks(depth)}${opening(name, attributes)}>\n`;

export const empty = (depth: number, name: string, attributes: Attributes = {}): string =>
  `${blanks(depth)}${opening(name, attributes)}/>\n`;

export const close = (depth: number, name: string): string => `${blanks(depth)}</${name}>\n`;

export const print = (depth: number, m: Markup): string => {
  if (m.text !== undefined) {
    return `${blanks(depth)}${opening(m.name, m.attributes)}>${escapedText(m.text)}</${m.name}>\n`;
  }
  if (m.children.length === 0) return empty(depth, m.name, m.attributes);
  const inside = m.children.map((c) => print(depth + 1, c)).join('');
  return `${open(depth, m.name, m.attributes)}${inside}${close(depth, m.name)}`;
};

const chunkSize = 1 << 16;

/** Pieces of text as bytes, some 64 KiB at a time. */
export function* chunked(pieces: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let held = '';
  for (const piece of pieces) {
    held += piece;
    if (held.length < chunkSize) continue;
    yield encoder.encode(held);
    held = '';
  }
  if (held !== '') yield encoder.encode(held);
}
