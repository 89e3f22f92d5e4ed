/** Bytes that are not in memory: ranges of a file, and what is encoded only while it is written. */
import type { Source } from '../../src/ir/converter.ts';

/** `chunks` gives exactly `length` bytes, in order, as often as it is asked. */
export interface Bytes {
  readonly length: number;
  chunks(): Iterable<Uint8Array>;
}

const window = 1 << 20;

/** A range of a file, in windows. */
export class FileRange implements Bytes {
  readonly source: Source;
  readonly from: number;
  readonly length: number;

  constructor(source: Source, from: number, to: number) {
    this.source = source;
    this.from = from;
    this.length = to - from;
  }

  /** Bytes `from` to `to`, counted from the start of the range. */
  read(from: number, to: number): Uint8Array {
    return this.source.read(this.from + from, this.from + to);
  }

  *chunks(): Iterable<Uint8Array> {
    for (let at = 0; at < this.length; at += window) {
      yield this.read(at, Math.min(at + window, this.length));
    }
  }
}

/** A stretch of a repeated field: one packed block, or elements that follow each other, each with its tag. */
export interface Run {
  readonly tagged: boolean;
  /** Where the first tag stands. */
  readonly start: number;
  /** Where the elements begin: behind the length of a packed block, at the first tag otherwise. */
  readonly from: number;
  to: number;
  /** How many elements, where they are tagged. */
  count: number;
}

/** A repeated field left in the file: a file may hold it in several stretches. */
export class Runs implements Bytes {
  readonly source: Source;
  readonly list: Run[] = [];

  constructor(source: Source) {
    this.source = source;
  }

  get length(): number {
    return this.list.reduce((n, r) => n + r.to - r.start, 0);
  }

  *chunks(): Iterable<Uint8Array> {
    for (const r of this.list) yield* new FileRange(this.source, r.start, r.to).chunks();
  }
}

/** All bytes in one piece. */
export const gather = (bytes: Bytes): Uint8Array => {
  const whole = new Uint8Array(bytes.length);
  let at = 0;
  for (const chunk of bytes.chunks()) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};
