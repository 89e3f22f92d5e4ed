/**
 * Messages → Protocol Buffers wire format: fields ascending by number, then what the schema does not know, as read.
 * Equal messages give equal bytes. The structure is encoded in memory, elements of tensors only while they are written.
 */
import type { Bytes } from './bytes.ts';
import {
  type FieldSpec,
  fields,
  type Int,
  type Message,
  type MessageName,
  type ScalarType,
} from './schema.ts';

const utf8 = new TextEncoder();

export const encode = <N extends MessageName>(name: N, message: Message<N>): Bytes => {
  const sizes = new Map<object, number>();
  const length = sizeOf(name, message, sizes);
  const out = new Pieces();
  write(name, message, sizes, out);
  return { length, chunks: () => out.chunks() };
};

/** Small things in pages of memory, large ones as handles. */
class Pieces {
  private readonly list: Bytes[] = [];
  private page = new Uint8Array(1 << 16);
  private view = new DataView(this.page.buffer);
  private at = 0;

  private room(count: number): void {
    if (this.at + count <= this.page.length) return;
    this.flush();
    this.page = new Uint8Array(Math.max(1 << 16, count));
    this.view = new DataView(this.page.buffer);
    this.at = 0;
  }

  private flush(): void {
    if (this.at === 0) return;
    const bytes = this.page.subarray(0, this.at);
    this.list.push({ length: bytes.length, chunks: () => [bytes] });
    this.page = this.page.subarray(this.at);
    this.view = new DataView(this.page.buffer, this.page.byteOffset, this.page.byteLength);
    this.at = 0;
  }

  varint(value: Int): void {
    this.room(10);
    if (typeof value === 'bigint' || value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value));
      while (rest > 0x7fn) {
        this.page[this.at++] = Number(rest & 0x7fn) | 0x80;
        rest >>= 7n;
      }
      this.page[this.at++] = Number(rest);
      return;
    }
    let rest = value;
    while (rest > 0x7f) {
      this.page[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.page[this.at++] = rest;
  }

  float(value: number): void {
    this.room(4);
    this.view.setFloat32(this.at, value, true);
    this.at += 4;
  }

  double(value: number): void {
    this.room(8);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  text(value: string, length: number): void {
    this.room(length);
    utf8.encodeInto(value, this.page.subarray(this.at));
    this.at += length;
  }

  handle(bytes: Bytes): void {
    this.flush();
    this.list.push(bytes);
  }

  *chunks(): Iterable<Uint8Array> {
    this.flush();
    for (const piece of this.list) yield* piece.chunks();
  }
}

const varintSize = (value: Int): number => {
  if (typeof value === 'bigint') {
    if (value < 0n) return 10;
    let size = 1;
    for (let rest = value; rest > 0x7fn; rest >>= 7n) size++;
    return size;
  }
  if (value < 0) return 10;
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size++;
  return size;
};

const tagOf = (spec: FieldSpec): number => spec.number * 8 + spec.wire;

const delimited = (length: number): number => varintSize(length) + length;

const scalarSize = (type: ScalarType, value: unknown): number => {
  switch (type) {
    case 'int64':
    case 'uint64':
    case 'int32':
    case 'enum':
      return varintSize(value as Int);
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'string':
    case 'bytes':
      return delimited(typeof value === 'string' ? Buffer.byteLength(value) : (value as Bytes).length);
  }
};

/** The values of a field, in order; none where it does not stand. */
const valuesOf = (message: object, spec: FieldSpec): readonly unknown[] => {
  const value = (message as Record<string, unknown>)[spec.name];
  return value === undefined ? [] : spec.shape === 'many' ? (value as unknown[]) : [value];
};

const sizeOf = (name: MessageName, message: object, sizes: Map<object, number>): number => {
  let size = 0;
  for (const spec of fields[name]) {
    for (const value of valuesOf(message, spec)) {
      if (spec.shape === 'runs') size += (value as Bytes).length;
      else {
        size += varintSize(tagOf(spec));
        if (spec.shape === 'range') size += delimited((value as Bytes).length);
        else if (spec.scalar) size += scalarSize(spec.scalar, value);
        else size += delimited(sizeOf(spec.message as MessageName, value as object, sizes));
      }
    }
  }
  for (const bytes of (message as { unknown?: Bytes[] }).unknown ?? []) size += bytes.length;
  sizes.set(message, size);
  return size;
};

const write = (name: MessageName, message: object, sizes: ReadonlyMap<object, number>, out: Pieces): void => {
  for (const spec of fields[name]) {
    for (const value of valuesOf(message, spec)) {
      // Runs carry their tags.
      if (spec.shape === 'runs') {
        out.handle(value as Bytes);
        continue;
      }
      out.varint(tagOf(spec));
      if (spec.shape === 'range') {
        out.varint((value as Bytes).length);
        out.handle(value as Bytes);
      } else if (spec.scalar) writeScalar(spec.scalar, value, out);
      else {
        out.varint(sizes.get(value as object) as number);
        write(spec.message as MessageName, value as object, sizes, out);
      }
    }
  }
  for (const bytes of (message as { unknown?: Bytes[] }).unknown ?? []) out.handle(bytes);
};

const writeScalar = (type: ScalarType, value: unknown, out: Pieces): void => {
  switch (type) {
    case 'int64':
    case 'uint64':
    case 'int32':
    case 'enum':
      out.varint(value as Int);
      return;
    case 'float':
      out.float(value as number);
      return;
    case 'double':
      out.double(value as number);
      return;
    case 'string':
    case 'bytes':
      if (typeof value === 'string') {
        const length = Buffer.byteLength(value);
        out.varint(length);
        out.text(value, length);
      } else {
        out.varint((value as Bytes).length);
        out.handle(value as Bytes);
      }
  }
};

/** The tag and length in front of a field that is written apart. */
export const header = <N extends MessageName>(name: N, field: string, length: number): Uint8Array => {
  const spec = fields[name].find((s) => s.name === field) as FieldSpec;
  const out = new Pieces();
  out.varint(tagOf(spec));
  out.varint(length);
  return Buffer.concat([...out.chunks()]);
};
