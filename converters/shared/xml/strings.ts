/** Short strings that come again and again (names of fields, operators): made once while they are met often. */

const slots = 1024;
const longest = 32;

export class Strings {
  private readonly recent: string[] = new Array(slots).fill('');
  /** The bytes that each was made of, and how many: never those of a text beyond ASCII. */
  private readonly written = new Uint8Array(slots * longest);
  private readonly lengths = new Uint8Array(slots);

  /** The string in bytes `from` to `to`. */
  get(bytes: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length > longest) return bytes.toString('utf8', from, to);
    const { recent, written, lengths } = this;
    const slot = slotOf(bytes, from, to);
    const base = slot * longest;
    if (lengths[slot] === length) {
      let i = 0;
      while (i < length && written[base + i] === bytes[from + i]) i++;
      if (i === length) return recent[slot] as string;
    }
    const text = made(bytes, from, to);
    if (text.length === length) {
      recent[slot] = text;
      lengths[slot] = length;
      for (let i = 0; i < length; i++) written[base + i] = bytes[from + i] as number;
    }
    return text;
  }
}

/** A string that hardly comes again. */
export const made = (bytes: Buffer, from: number, to: number): string =>
  to - from <= 8 ? short(bytes, from, to - from) : bytes.toString('utf8', from, to);

/** Four bytes at a time: a product for each would be the slowest part of all. */
const slotOf = (bytes: Uint8Array, from: number, to: number): number => {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const four =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ four, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) & (slots - 1);
};

const code = String.fromCharCode as (...codes: readonly (number | undefined)[]) => string;

/** Up to eight bytes: the engine makes a string of a few codes at half the price of a call into a decoder. */
const short = (b: Buffer, at: number, length: number): string => {
  let all = 0;
  for (let i = at; i < at + length; i++) all |= b[i] as number;
  if (all >= 0x80) return b.toString('utf8', at, at + length);
  switch (length) {
    case 0:
      return '';
    case 1:
      return code(b[at]);
    case 2:
      return code(b[at], b[at + 1]);
    case 3:
      return code(b[at], b[at + 1], b[at + 2]);
    case 4:
      return code(b[at], b[at + 1], b[at + 2], b[at + 3]);
    case 5:
      return code(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4]);
    case 6:
      return code(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5]);
    case 7:
      return code(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6]);
    default:
      return code(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6], b[at + 7]);
  }
};
