import onnxProto from 'onnx-proto';
import { describe, expect, test } from 'vitest';
import { type Bytes, gather } from '../../../converters/onnx/bytes.ts';
import { decode } from '../../../converters/onnx/decode.ts';
import { encode } from '../../../converters/onnx/encode.ts';
import { bytesOf, fixture, fixtures, ModelProto, model, refusal, sourceOf } from './models.ts';

const isBytes = (x: unknown): x is Bytes => typeof x === 'object' && x !== null && 'chunks' in x;

/** A message as plain data for comparing: 64-bit integers as text, bytes as hex. */
const plain = (x: unknown): unknown => {
  if (isBytes(x)) return Buffer.from(gather(x)).toString('hex');
  if (x instanceof Uint8Array) return Buffer.from(x).toString('hex');
  if (Array.isArray(x)) return x.map(plain);
  if (typeof x === 'bigint') return String(x);
  if (typeof x === 'object' && x !== null) {
    if ('low' in x && 'high' in x) return Number(String(x));
    return Object.fromEntries(
      Object.entries(x)
        .filter(([, v]) => v !== undefined && !(Array.isArray(v) && v.length === 0))
        .map(([k, v]) => [k.replace(/_/g, '').toLowerCase(), plain(v)]),
    );
  }
  return x;
};

/** Typed elements of tensors are compared apart (tensors.test.ts): here they are bytes with their tags. */
const structure = (x: unknown): unknown => {
  if (Array.isArray(x)) return x.map(structure);
  if (typeof x !== 'object' || x === null) return x;
  const elements = /^(float|int32|int64|double|uint64|string)data$/;
  return Object.fromEntries(
    Object.entries(x).flatMap(([k, v]) => (elements.test(k) ? [] : [[k, structure(v)]])),
  );
};

/** Our text of `bytes` fields as the bytes that protobufjs gives. */
const textAsHex = (x: unknown, key = ''): unknown => {
  if (Array.isArray(x)) return x.map((v) => textAsHex(v, key));
  if (typeof x === 'object' && x !== null && !isBytes(x)) {
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, textAsHex(v, k)]));
  }
  return typeof x === 'string' && (key === 's' || key === 'strings') ? Buffer.from(x).toString('hex') : x;
};

const roundTrip = (bytes: Uint8Array): Uint8Array =>
  gather(encode('ModelProto', decode(sourceOf(bytes), 'ModelProto')));

describe('what Python wrote', () => {
  test.each(fixtures)('%s is encoded again byte for byte', (name) => {
    const bytes = fixture(`${name}/model.onnx`);
    expect(Buffer.compare(roundTrip(bytes), bytes)).toBe(0);
  });

  test.each(fixtures)('%s has the structure that protobufjs sees', (name) => {
    const bytes = fixture(`${name}/model.onnx`);
    const theirs = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number });
    expect(structure(plain(textAsHex(decode(sourceOf(bytes), 'ModelProto'))))).toEqual(
      structure(plain(theirs)),
    );
  });

  // onnx-proto stops at ONNX 1.10: it knows neither newer fields nor newer dtypes.
  test.each(fixtures.filter((f) => f !== 'dtypes' && f !== 'functions'))(
    '%s has the structure that onnx-proto sees',
    (name) => {
      const bytes = fixture(`${name}/model.onnx`);
      const theirs = onnxProto.onnx.ModelProto.toObject(onnxProto.onnx.ModelProto.decode(bytes), {
        longs: Number,
      });
      expect(structure(plain(textAsHex(decode(sourceOf(bytes), 'ModelProto'))))).toEqual(
        structure(plain(theirs)),
      );
    },
  );
});

describe('numbers', () => {
  const ints = [
    '0',
    '1',
    '-1',
    '127',
    '128',
    '16384',
    '268435456',
    '34359738368',
    '9007199254740991',
    '9007199254740992',
    '-9007199254740991',
    '-9007199254740992',
    '-9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
  ];

  test.each(ints)('int64 %s, as protobufjs writes it', (text) => {
    const bytes = bytesOf({ model_version: text });
    const { model_version } = decode(sourceOf(bytes), 'ModelProto');
    expect(String(model_version)).toBe(text);
    // A bigint exactly where a number would not do.
    expect(typeof model_version).toBe(Number.isSafeInteger(Number(text)) ? 'number' : 'bigint');
    expect(Buffer.compare(roundTrip(bytes), bytes)).toBe(0);
  });
});

describe('fields', () => {
  test('what the schema does not know is kept, in place of a message within too', () => {
    // Field 99 of the model as text, field 1000 of the graph as a varint.
    const graph = Uint8Array.from([0x12, 0x01, 0x67, 0xc0, 0x3e, 0x2a]);
    const bytes = Uint8Array.from([0x08, 0x0a, 0x3a, graph.length, ...graph, 0x9a, 0x06, 0x02, 0x68, 0x69]);
    const read = decode(sourceOf(bytes), 'ModelProto');
    expect(read.unknown?.map((b) => [...gather(b)])).toEqual([[0x9a, 0x06, 0x02, 0x68, 0x69]]);
    expect(read.graph?.unknown?.map((b) => [...gather(b)])).toEqual([[0xc0, 0x3e, 0x2a]]);
    expect([...roundTrip(bytes)]).toEqual([...bytes]);
  });

  test('a repeated number may be packed or not, and in several pieces', () => {
    // AttributeProto.ints (8): unpacked 1, packed [2, 300], unpacked 4.
    const attribute = [0x40, 0x01, 0x42, 0x03, 0x02, 0xac, 0x02, 0x40, 0x04];
    const node = [0x2a, attribute.length, ...attribute];
    const graph = [0x0a, node.length, ...node];
    const bytes = Uint8Array.from([0x3a, graph.length, ...graph]);
    expect(decode(sourceOf(bytes), 'ModelProto').graph?.node?.[0]?.attribute?.[0]?.ints).toEqual([
      1, 2, 300, 4,
    ]);
  });
});

describe('hostile bytes', () => {
  const nested = (depth: number): number[] => {
    // SequenceType within TypeProto, over and over; lengths as two-byte varints.
    let bytes: number[] = [];
    const wrap = (tag: number) => {
      bytes = [tag, (bytes.length & 0x7f) | 0x80, bytes.length >> 7, ...bytes];
    };
    for (let i = 0; i < depth; i++) {
      wrap(0x0a);
      wrap(0x22);
    }
    wrap(0x12);
    wrap(0x5a);
    wrap(0x3a);
    return bytes;
  };
  const cases: readonly [string, string, readonly number[], string][] = [
    ['an empty file', 'onnx/empty', [], 'byte 0'],
    ['a length past the end of the file', 'onnx/truncated', [0x08, 0x0a, 0x3a, 0x7f, 0x00], 'byte 3'],
    [
      'a length past the end of its message',
      'onnx/length',
      [0x3a, 0x03, 0x12, 0x05, 0x67, 0x12, 0x01, 0x61],
      'byte 3',
    ],
    ['a file that ends within a number', 'onnx/truncated', [0x08, 0x80], 'byte 2'],
    ['a number that runs past its message', 'onnx/length', [0x3a, 0x02, 0xc0, 0xbe, 0x3e, 0x2a], 'byte 2'],
    ['a number of more than 64 bits', 'onnx/varint', [0x08, ...new Array(9).fill(0xff), 0x02], 'byte 1'],
    ['a number without end', 'onnx/varint', [0x08, ...new Array(30).fill(0x80)], 'byte 1'],
    ['a negative length', 'onnx/length', [0x3a, ...new Array(9).fill(0xff), 0x01], 'byte 1'],
    ['a length of 2^62', 'onnx/truncated', [0x3a, ...new Array(8).fill(0x80), 0x40], 'byte 1'],
    ['text where a number belongs', 'onnx/wire-type', [0x0a, 0x01, 0x41], 'byte 0'],
    ['a group', 'onnx/wire-type', [0x9b, 0x06], 'byte 0'],
    ['wire type 7', 'onnx/wire-type', [0x9f, 0x06], 'byte 0'],
    ['field number 0', 'onnx/field-number', [0x02, 0x00], 'byte 0'],
    ['a field number beyond 2^29', 'onnx/field-number', [0x80, 0x80, 0x80, 0x80, 0x10, 0x00], 'byte 0'],
    ['a singular field twice', 'onnx/duplicate-field', [0x08, 0x0a, 0x08, 0x0b], 'byte 2'],
    ['two graphs', 'onnx/duplicate-field', [0x3a, 0x00, 0x3a, 0x00], 'byte 2'],
    ['text that is not UTF-8', 'onnx/utf-8', [0x12, 0x02, 0xc3, 0x28], 'byte 2'],
    ['messages nested without end', 'onnx/depth', nested(60), 'byte'],
    // TensorProto.data_type (2) = 2^32 + 1: other readers keep the low half, 1.
    [
      'a 32-bit number that does not fit',
      'onnx/int32-range',
      [0x3a, 0x09, 0x2a, 0x07, 0x10, 0x81, 0x80, 0x80, 0x80, 0x10, 0x00],
      'byte 5',
    ],
    // Dimension.dim_value (1) and dim_param (2).
    [
      'two members of a oneof',
      'onnx/duplicate-field',
      [
        0x3a, 0x10, 0x5a, 0x0e, 0x12, 0x0c, 0x0a, 0x0a, 0x12, 0x08, 0x0a, 0x06, 0x08, 0x01, 0x12, 0x02, 0x4e,
        0x4e,
      ],
      'byte',
    ],
    // float_data of 3 bytes.
    [
      'a packed block with a cut element',
      'onnx/length',
      [0x3a, 0x07, 0x2a, 0x05, 0x22, 0x03, 0x00, 0x00, 0x00],
      'byte 4',
    ],
  ];

  test.each(cases)('%s: %s', (_, rule, bytes, at) => {
    const refused = refusal(() => decode(sourceOf(Uint8Array.from(bytes)), 'ModelProto'));
    expect(refused.rule).toBe(rule);
    expect(refused.at?.file).toBe('m.onnx');
    expect(refused.at?.at).toContain(at);
  });

  test('nesting as deep as real models go is read', () => {
    expect(decode(sourceOf(Uint8Array.from(nested(40))), 'ModelProto').graph?.input).toHaveLength(1);
  });

  test('a limit on messages can be set, and names itself', () => {
    const bytes = bytesOf(model());
    const refused = refusal(() => decode(sourceOf(bytes), 'ModelProto', { depth: 100, messages: 5 }));
    expect(refused.rule).toBe('onnx/too-many-messages');
    expect(refused.message).toContain('5');
  });

  test('a megabyte of empty messages is read in bounded time', () => {
    // GraphProto.node, each empty: two bytes a message.
    const body = new Uint8Array(1 << 20).map((_, i) => (i % 2 === 0 ? 0x0a : 0x00));
    const bytes = Buffer.concat([Uint8Array.from([0x3a, 0x80, 0x80, 0x40]), body]);
    const before = performance.now();
    expect(decode(sourceOf(bytes), 'ModelProto').graph?.node).toHaveLength(1 << 19);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
