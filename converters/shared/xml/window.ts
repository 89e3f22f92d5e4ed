/** The part of a document that is looked at, in UTF-8, and how it moves on. */
import type { Source } from '../../../src/ir/converter.ts';
import { fail, type Place } from '../../../src/ir/diagnostic.ts';
import { encodingOf, type Transcode } from './encoding.ts';

export class Window {
  /** The bytes up to `end`; a 0 stands there, so that whoever looks for a byte stops without counting. */
  bytes: Buffer;
  end = 0;
  /** Nothing follows what is here. */
  final = false;
  private readonly source: Source;
  private readonly transcode: Transcode;
  private readonly step: number;
  /** Where bytes are read to, again and again. */
  private readonly room: Uint8Array;
  private at: number;

  /** `step`: bytes read at a time. */
  constructor(source: Source, step: number) {
    if (source.size === 0) fail('xml/empty', 'the file is empty', { file: source.name, at: '1' });
    const { start, transcode } = encodingOf(source);
    this.source = source;
    this.transcode = transcode;
    this.step = step;
    this.room = new Uint8Array(step);
    this.bytes = Buffer.alloc(2 * step);
    this.at = start;
    this.final = start >= source.size;
  }

  /** Keeps what stands from `from` on, at the front now, and reads more behind it. */
  advance(from: number, place: () => Place): void {
    const kept = this.end - from;
    // What is long is read in steps as long, so that it is looked at from its beginning only a few times.
    const to = Math.min(this.source.size, this.at + Math.max(this.step, kept));
    const raw = this.source.read(this.at, to, this.room);
    this.at = to;
    this.final = to >= this.source.size;
    const more =
      this.transcode(raw, this.final) ??
      fail('xml/encoding', 'the bytes are not in the encoding that the document declares', place());
    if (kept + more.length >= this.bytes.length) {
      const larger = Buffer.alloc(2 * (kept + more.length) + 1);
      this.bytes.copy(larger, 0, from, this.end);
      this.bytes = larger;
    } else this.bytes.copyWithin(0, from, this.end);
    this.bytes.set(more, kept);
    this.end = kept + more.length;
    this.bytes[this.end] = 0;
  }
}
