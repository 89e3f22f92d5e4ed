/**
 * Protocol Buffers wire format → messages, driven by the table of messages.ts. Elements of tensors stay in the file as
 * ranges, so that a model of any size (offsets are exact up to 2^53) is read in the memory of its structure. Stricter
 * than the format asks: whatever two parsers may read differently (a singular field twice, a number cut to 32 bits,
 * another wire type than the schema's) is refused.
 */
import type { Source } from '../../src/ir/converter.ts';
import { FileRange, Runs } from './bytes.ts';
import { Cursor, textOf } from './cursor.ts';
import { byNumber, type FieldSpec, type Message, type MessageName } from './schema.ts';

/** What no real model meets; each can be raised. */
export interface DecodeLimits {
  /** Messages within messages. */
  readonly depth: number;
  /** Messages in all: each costs about a hundred bytes of memory. */
  readonly messages: number;
}

const decodeLimits: DecodeLimits = { depth: 100, messages: 8_000_000 };

/** Text longer than this (compiled engines are kept in attributes) stays in the file. */
const longText = 1 << 20;

type Draft = Record<string, unknown> & { unknown?: FileRange[] };

export const decode = <N extends MessageName>(
  source: Source,
  name: N,
  limits: DecodeLimits = decodeLimits,
): Message<N> => {
  if (source.size === 0) new Cursor(source).fail('empty', 'the file is empty');
  const decoder = new Decoder(source, limits);
  return decoder.message(name, source.size, 0) as Message<N>;
};

class Decoder {
  private readonly cursor: Cursor;
  private readonly source: Source;
  private readonly limits: DecodeLimits;
  private messages = 0;

  constructor(source: Source, limits: DecodeLimits) {
    this.source = source;
    this.cursor = new Cursor(source);
    this.limits = limits;
  }

  message(name: MessageName, end: number, depth: number): Draft {
    const { cursor, limits } = this;
    if (depth > limits.depth) {
      cursor.fail('depth', `messages are nested more than ${limits.depth} deep`);
    }
    if (++this.messages > limits.messages) {
      cursor.fail('too-many-messages', `the file holds more than ${limits.messages} messages`);
    }
    const specs = byNumber[name];
    const draft: Draft = {};
    while (cursor.at < end) {
      const start = cursor.at;
      const tag = cursor.unsigned();
      if (tag > 0xffff_ffff || tag < 8)
        cursor.fail('field-number', 'this is not the number of a field', start);
      const number = Math.floor(Number(tag) / 8);
      const wire = Number(tag) % 8;
      const spec = specs[number];
      if (!spec) {
        this.skip(wire, start, end);
        draft.unknown ??= [];
        draft.unknown.push(new FileRange(this.source, start, cursor.at));
      } else this.field(draft, name, spec, wire, start, end, depth);
      if (cursor.at > end) cursor.fail('length', `field ${number} of ${name} runs past its message`, start);
    }
    return draft;
  }

  private skip(wire: number, start: number, end: number): void {
    const { cursor } = this;
    if (wire === 0) cursor.unsigned();
    else if (wire === 1) cursor.at += 8;
    else if (wire === 2) {
      // The length is read first: `+=` would take the position before it.
      const length = cursor.lengthWithin(end);
      cursor.at += length;
    } else if (wire === 5) cursor.at += 4;
    else cursor.fail('wire-type', `wire type ${wire} has no place in an ONNX file`, start);
  }

  private field(
    draft: Draft,
    name: MessageName,
    spec: FieldSpec,
    wire: number,
    start: number,
    end: number,
    depth: number,
  ): void {
    const { cursor } = this;
    const packed = wire === 2 && spec.wire !== 2 && (spec.shape === 'many' || spec.shape === 'runs');
    if (wire !== spec.wire && !packed) {
      cursor.fail('wire-type', `${spec.name} of ${name} cannot have wire type ${wire}`, start);
    }
    switch (spec.shape) {
      case 'one':
      case 'range': {
        for (const other of [spec.name, ...spec.rivals]) {
          if (draft[other] !== undefined) {
            const both = other === spec.name ? 'twice' : `beside ${other}`;
            cursor.fail('duplicate-field', `${spec.name} of ${name} stands ${both}`, start);
          }
        }
        draft[spec.name] = spec.shape === 'range' ? this.range(end) : this.value(spec, end, depth);
        return;
      }
      case 'many': {
        draft[spec.name] ??= [];
        const list = draft[spec.name] as unknown[];
        if (!packed) {
          const tag = spec.number * 8 + spec.wire;
          do list.push(this.value(spec, end, depth));
          while (tag < 0x80 && cursor.follows(tag, end));
        } else {
          const stop = cursor.lengthWithin(end) + cursor.at;
          while (cursor.at < stop) list.push(this.value(spec, stop, depth));
          if (cursor.at > stop) cursor.fail('length', `the last element of ${spec.name} is cut`, start);
        }
        return;
      }
      case 'runs':
        draft[spec.name] ??= new Runs(this.source);
        this.run(draft[spec.name] as Runs, spec, packed, start, end);
    }
  }

  private range(end: number): FileRange {
    const length = this.cursor.lengthWithin(end);
    const from = this.cursor.at;
    this.cursor.at += length;
    return new FileRange(this.source, from, from + length);
  }

  private run(runs: Runs, spec: FieldSpec, packed: boolean, start: number, end: number): void {
    const { cursor } = this;
    if (packed) {
      const { from, length } = this.range(end);
      const width = spec.wire === 5 ? 4 : spec.wire === 1 ? 8 : 1;
      if (length % width !== 0) cursor.fail('length', `the last element of ${spec.name} is cut`, start);
      runs.list.push({ tagged: false, start, from, to: cursor.at, count: 0 });
      return;
    }
    this.skip(spec.wire, start, end);
    const last = runs.list.at(-1);
    if (last?.tagged && last.to === start) {
      last.to = cursor.at;
      last.count++;
    } else runs.list.push({ tagged: true, start, from: start, to: cursor.at, count: 1 });
  }

  private value(spec: FieldSpec, end: number, depth: number): unknown {
    const { cursor } = this;
    switch (spec.scalar) {
      case null: {
        const stop = cursor.lengthWithin(end) + cursor.at;
        return this.message(spec.message as MessageName, stop, depth + 1);
      }
      case 'int64':
        return cursor.signed();
      case 'uint64':
        return cursor.unsigned();
      case 'int32':
      case 'enum':
        return cursor.int32();
      case 'float':
        return cursor.float();
      case 'double':
        return cursor.double();
      case 'string':
        return cursor.text(cursor.lengthWithin(end));
      case 'bytes': {
        const length = cursor.lengthWithin(end);
        if (length > longText) {
          cursor.at += length;
          return new FileRange(this.source, cursor.at - length, cursor.at);
        }
        const start = cursor.at;
        const text = textOf(cursor.bytes(length));
        return text ?? new FileRange(this.source, start, cursor.at);
      }
    }
  }
}
