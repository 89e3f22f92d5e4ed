/** The protobuf wire, read through a small window: varints, fixed-width numbers, lengths. */
import type { Source } from '../../src/ir/converter.ts';
import { fail } from '../../src/ir/diagnostic.ts';
import type { Int } from './schema.ts';

const windowSize = 1 << 16;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Cursor {
  readonly source: Source;
  /** Offset in the file of the next byte. */
  at: number;
  private window: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.window.buffer);
  private base = 0;
  /** The last varint, as two unsigned halves. */
  private low = 0;
  private high = 0;

  constructor(source: Source, at = 0) {
    this.source = source;
    this.at = at;
  }

  fail(rule: string, message: string, at = this.at): never {
    return fail(`onnx/${rule}`, message, { file: this.source.name, at: `byte ${at}` });
  }

  /** Puts `count` bytes from `at` on into the window; returns their index there. */
  private need(count: number): number {
    const index = this.at - this.base;
    if (index >= 0 && index + count <= this.window.length) return index;
    this.window = this.source.read(
      this.at,
      Math.min(this.at + Math.max(count, windowSize), this.source.size),
    );
    this.view = new DataView(this.window.buffer, this.window.byteOffset, this.window.byteLength);
    this.base = this.at;
    if (this.window.length < count) this.fail('truncated', 'the file ends within a value');
    return 0;
  }

  /** Steps over the next byte if it is this one: a further element of the same field. */
  follows(tag: number, end: number): boolean {
    if (this.at >= end || this.window[this.at - this.base] !== tag) return false;
    this.at++;
    return true;
  }

  /** The next byte where it is a whole varint, else -1. */
  private single(): number {
    const byte = this.window[this.at - this.base];
    if (byte === undefined || byte >= 0x80) return -1;
    this.at++;
    return byte;
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  private varint(): void {
    const start = this.at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const index = this.need(1);
      const byte = this.window[index] as number;
      this.at++;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else {
        if (byte > 1) this.fail('varint', 'a number takes more than 64 bits', start);
        high |= bits << 31;
      }
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
  }

  /** An unsigned number: a bigint only above 2^53 - 1. */
  unsigned(): Int {
    const byte = this.single();
    if (byte >= 0) return byte;
    this.varint();
    const { low, high } = this;
    return high < 0x20_0000 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  /** A signed number in two's complement. */
  signed(): Int {
    const byte = this.single();
    if (byte >= 0) return byte;
    this.varint();
    const { low, high } = this;
    if (high < 0x20_0000) return high * 0x1_0000_0000 + low;
    const top = high | 0;
    if (top >= -0x20_0000 && top < 0 && !(top === -0x20_0000 && low === 0)) return top * 0x1_0000_0000 + low;
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  int32(): number {
    const start = this.at;
    const value = this.signed();
    // Other parsers keep the low 32 bits; a file on which readers differ is refused.
    if (value !== Number(value) || (value | 0) !== value) {
      this.fail('int32-range', `${value} does not fit 32 bits`, start);
    }
    return value as number;
  }

  /** A length that must end by `end`. */
  lengthWithin(end: number): number {
    const start = this.at;
    this.varint();
    // Beyond 2^53 the sum is not exact, but then it is past every end.
    const length = this.high * 0x1_0000_0000 + this.low;
    if (this.high >= 0x8000_0000) this.fail('length', 'a length is negative', start);
    if (this.at + length > end) {
      if (end >= this.source.size) {
        this.fail(
          'truncated',
          `${length} bytes are announced where the file ends after ${end - this.at}`,
          start,
        );
      }
      this.fail('length', `${length} bytes are announced where ${end - this.at} are left`, start);
    }
    return length;
  }

  float(): number {
    const index = this.need(4);
    this.at += 4;
    return this.view.getFloat32(index, true);
  }

  double(): number {
    const index = this.need(8);
    this.at += 8;
    return this.view.getFloat64(index, true);
  }

  /** The next `count` bytes, not copied: read them before the cursor moves on. */
  bytes(count: number): Uint8Array {
    const index = this.need(count);
    this.at += count;
    return this.window.subarray(index, index + count);
  }

  /** Text that must be UTF-8. */
  text(count: number): string {
    const start = this.at;
    try {
      return utf8.decode(this.bytes(count));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return this.fail('utf-8', 'this text is not UTF-8', start);
    }
  }
}

/** Text, or null where the bytes are not UTF-8. */
export const textOf = (bytes: Uint8Array): string | null => {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
};
