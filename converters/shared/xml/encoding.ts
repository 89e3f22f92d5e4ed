/** What the bytes of a document are written in, and how they become UTF-8. XML 1.0, 4.3.3 and appendix F. */
import { isAscii, isUtf8 } from 'node:buffer';
import type { Source } from '../../../src/ir/converter.ts';
import { fail } from '../../../src/ir/diagnostic.ts';

/** Whole characters in UTF-8 out of the next bytes; undefined where they are none. What is cut in two is kept for the next call. */
export type Transcode = (bytes: Uint8Array, last: boolean) => Uint8Array | undefined;

export interface Encoding {
  /** Behind the byte order mark. */
  readonly start: number;
  readonly transcode: Transcode;
}

const declaration = /^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/;

/** By byte order mark, then by how `<?xml` is written, then by the declaration; UTF-8 else. A declaration that says otherwise is refused. */
export const encodingOf = (source: Source): Encoding => {
  const head = source.read(0, Math.min(source.size, 256));
  const refuse = (message: string): never =>
    fail('xml/encoding', message, { file: source.name, at: '1' }, 'save the document as UTF-8');
  const [a, b, c] = head;
  const declared = (text: string): string | undefined => declaration.exec(text)?.[1];
  const wide = (label: 'utf-16le' | 'utf-16be', start: number): Encoding => {
    const text = new TextDecoder(label).decode(head.subarray(start, head.length & ~1));
    const said = declared(text)?.toLowerCase();
    if (said !== undefined && said !== 'utf-16' && said !== label) {
      return refuse(`the document is written in UTF-16, its declaration says ${said}`);
    }
    return { start, transcode: utf16(label) };
  };
  if (a === 0xff && b === 0xfe) return wide('utf-16le', 2);
  if (a === 0xfe && b === 0xff) return wide('utf-16be', 2);
  if (a === 0x3c && b === 0) return wide('utf-16le', 0);
  if (a === 0 && b === 0x3c) return wide('utf-16be', 0);

  const marked = a === 0xef && b === 0xbb && c === 0xbf;
  const start = marked ? 3 : 0;
  const said = declared(Buffer.from(head.subarray(start)).toString('latin1'));
  const name = (said ?? 'utf-8').toLowerCase();
  if (name === 'utf-8' || name === 'utf8') return { start, transcode: utf8() };
  if (marked) return refuse(`the document is marked as UTF-8, its declaration says ${said}`);
  switch (name) {
    case 'us-ascii':
    case 'ascii':
      return { start, transcode: (bytes) => (isAscii(bytes) ? bytes : undefined) };
    case 'iso-8859-1':
    case 'latin1':
      return { start, transcode: (bytes) => eight(bytes, (text) => text) };
    case 'windows-1252':
    case 'cp1252':
      return { start, transcode: (bytes) => eight(bytes, (text) => text.replace(upper, windows)) };
    case 'utf-16':
    case 'utf-16le':
    case 'utf-16be':
      return refuse(`the declaration says ${said}, but the bytes are not UTF-16`);
    default:
      return refuse(`the encoding ${said} is not supported`);
  }
};

/** How many bytes at the end begin a character of UTF-8 that is not whole. */
const cutOff = (bytes: Uint8Array): number => {
  for (let n = 1; n <= 3 && n <= bytes.length; n++) {
    const b = bytes[bytes.length - n] as number;
    if (b >= 0xc0) return n < (b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2) ? n : 0;
    if (b < 0x80) return 0;
  }
  return 0;
};

const utf8 = (): Transcode => {
  let kept = new Uint8Array(0);
  return (bytes, last) => {
    const all = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
    const whole = all.subarray(0, all.length - (last ? 0 : cutOff(all)));
    kept = Uint8Array.from(all.subarray(whole.length));
    return isUtf8(whole) ? whole : undefined;
  };
};

const utf16 = (label: string): Transcode => {
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  return (bytes, last) => {
    try {
      return Buffer.from(decoder.decode(bytes, { stream: !last }));
    } catch {
      return undefined;
    }
  };
};

const eight = (bytes: Uint8Array, spell: (text: string) => string): Uint8Array =>
  isAscii(bytes) ? bytes : Buffer.from(spell(Buffer.from(bytes).toString('latin1')));

// What stands in 0x80 to 0x9f tells windows-1252 from ISO-8859-1.
const upper = /[\u0080-\u009f]/g;
const spelled = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const windows = (c: string): string => spelled[c.charCodeAt(0) - 0x80] as string;
