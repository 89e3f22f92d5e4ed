/** Short strings that come again and again (names of fields, operators): made once while they are met often. */

const slots = 1024;
const longest = 32;

export class Strings {
  private readonly recent: (string | undefined)[] = new Array(slots).fill(undefined);

  /** The string in bytes `from` to `to`. */
  get(bytes: Buffer, from: number, to: number): string {
    if (to - from > longest) return bytes.toString('utf8', from, to);
    let hash = 0x811c9dc5;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const known = this.recent[slot];
    if (known !== undefined && same(known, bytes, from, to)) return known;
    const text = bytes.toString('utf8', from, to);
    this.recent[slot] = text;
    return text;
  }
}

/** Are these the bytes of the string? Never where it holds anything beyond ASCII. */
const same = (text: string, bytes: Buffer, from: number, to: number): boolean => {
  if (text.length !== to - from) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== bytes[from + i] || code >= 0x80) return false;
  }
  return true;
};
