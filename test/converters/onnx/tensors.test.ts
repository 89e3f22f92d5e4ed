import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gather } from '../../../converters/onnx/bytes.ts';
import { decode } from '../../../converters/onnx/decode.ts';
import { encode } from '../../../converters/onnx/encode.ts';
import type { TensorProto } from '../../../converters/onnx/schema.ts';
import { pack, storedBytes, unpack } from '../../../converters/onnx/storage.ts';
import { SparseData, TensorData, tensorProto } from '../../../converters/onnx/tensors.ts';
import type { Data } from '../../../src/tensor/data.ts';
import { constant, dataOf } from '../../../src/tensor/data.ts';
import { type Column, column, type DType, dtypeInfo, dtypes } from '../../../src/tensor/dtype.ts';
import { tensor } from '../../../src/tensor/tensor.ts';
import { bytesOf, type Fields, fixture, fixtureFile, model, refusal, sourceOf } from './models.ts';

const at = { file: 'm.onnx', at: '' };
const none = () => expect.unreachable('no external data here');

const initializer = (fields: Fields): TensorData => {
  const bytes = bytesOf(model({ initializer: [{ name: 'W', ...fields }] }));
  const [proto] = decode(sourceOf(bytes), 'ModelProto').graph?.initializer ?? [];
  return new TensorData(proto as TensorProto, at, none);
};

const all = (data: Data): Column => data.read(0, data.count);

describe('every dtype, as onnx wrote and reads it', () => {
  const expected = JSON.parse(readFileSync(fixtureFile('dtypes/expected.json'), 'utf8')) as Record<
    string,
    { dtype: string; values: string[] }
  >;
  const graph = decode(sourceOf(fixture('dtypes/model.onnx')), 'ModelProto').graph;
  const tensors = new Map(graph?.initializer?.map((t) => [t.name, new TensorData(t, at, none)]));

  const numbers = (values: readonly string[], dtype: DType): unknown[] =>
    dtype === 'string'
      ? [...values]
      : values.map((v) =>
          dtype === 'int64' || dtype === 'uint64'
            ? BigInt(v)
            : v === 'inf'
              ? Infinity
              : v === 'nan'
                ? Number.NaN
                : Number(v),
        );

  test('all 28 stand in the fixture', () => {
    expect(new Set([...tensors.values()].map((t) => t.dtype))).toEqual(new Set(dtypes));
  });

  test.each(Object.keys(expected))('%s', (name) => {
    const data = tensors.get(name) as TensorData;
    const want = numbers(expected[name]?.values ?? [], data.dtype);
    expect([...all(data)]).toEqual(want);
    // Any window, in any order, gives the same elements.
    const { width } = dtypeInfo(data.dtype);
    for (let from = data.count; from >= 0; from--) {
      for (let to = from; to <= data.count; to++) {
        expect([...data.read(from, to)]).toEqual(want.slice(from * width, to * width));
      }
    }
  });

  test.each(Object.keys(expected))('%s, written from its elements, is read back', (name) => {
    const data = tensors.get(name) as TensorData;
    const copy = dataOf(tensor(data.dtype, data.dims, all(data)));
    const bytes = gather(encode('TensorProto', tensorProto(copy, 'W')));
    const again = new TensorData(decode(sourceOf(bytes), 'TensorProto'), at, none);
    expect([...all(again)]).toEqual([...all(data)]);
    expect(again.digest()).toBe(data.digest());
  });

  test.each(Object.keys(expected))('%s, written as it was read, has the bytes it had', (name) => {
    const data = tensors.get(name) as TensorData;
    expect(
      Buffer.compare(
        gather(encode('TensorProto', tensorProto(data, name))),
        gather(encode('TensorProto', data.proto)),
      ),
    ).toBe(0);
  });
});

test('packing is the inverse of unpacking, for every code below 16 bits', () => {
  for (const dtype of dtypes) {
    const { bits, kind } = dtypeInfo(dtype);
    if (bits === 0 || bits > 8 || kind === 'bool') continue;
    const count = 2 ** bits;
    // All codes in a row, lowest bits first.
    const stream = new Uint8Array(storedBytes(dtype, count));
    for (let code = 0; code < count; code++) {
      for (let b = 0; b < bits; b++) {
        const bit = code * bits + b;
        stream[bit >> 3] = (stream[bit >> 3] as number) | (((code >> b) & 1) << (bit & 7));
      }
    }
    const values = unpack(dtype, stream, count) as Exclude<Column, string[]>;
    // NaN has several codes; it comes back as one of them.
    const back = unpack(dtype, pack(dtype, values), count);
    expect([...back]).toEqual([...values]);
    if (kind !== 'float') expect([...pack(dtype, values)]).toEqual([...stream]);
  }
});

test('pieces of a typed field are read as one', () => {
  // int64_data (7): packed [1, -1], unpacked 300 twice, packed [4].
  const minusOne = [...new Array(9).fill(0xff), 0x01];
  const field = [0x3a, 11, 0x01, ...minusOne, 0x38, 0xac, 0x02, 0x38, 0xac, 0x02, 0x3a, 0x01, 0x04];
  const bytes = Uint8Array.from([0x08, 0x05, 0x10, 0x07, ...field]);
  const data = new TensorData(decode(sourceOf(bytes), 'TensorProto'), at, none);
  expect([...all(data)]).toEqual([1n, -1n, 300n, 300n, 4n]);
  expect([...data.read(2, 4)]).toEqual([300n, 300n]);
  expect([...data.read(1, 2)]).toEqual([-1n]);
});

test('whatever window is read of whatever integers, it is a slice of all', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 40 }),
      fc.nat(40),
      fc.nat(40),
      (values, a, b) => {
        const data = initializer({ dims: [values.length], data_type: 7, int64_data: values.map(String) });
        const from = Math.min(a, b, values.length);
        const to = Math.min(Math.max(a, b), values.length);
        expect([...data.read(from, to)]).toEqual(values.slice(from, to));
      },
    ),
  );
});

describe('what is refused', () => {
  const four = Buffer.alloc(4);
  const cases: readonly [string, string, Fields][] = [
    ['no dtype', 'onnx/data-type', { dims: [1], float_data: [1] }],
    ['a dtype that is none', 'onnx/data-type', { dims: [1], data_type: 29, float_data: [1] }],
    ['a negative extent', 'onnx/dims', { dims: [-1], data_type: 1 }],
    ['a shape beyond 2^53', 'onnx/dims', { dims: ['4294967296', '4294967296'], data_type: 1 }],
    ['an extent beyond 2^53', 'onnx/dims', { dims: ['9223372036854775807'], data_type: 1 }],
    ['65 dimensions', 'onnx/rank', { dims: new Array(65).fill(1), data_type: 1, float_data: [1] }],
    ['too few elements', 'onnx/tensor-size', { dims: [2], data_type: 1, float_data: [1] }],
    ['too many elements', 'onnx/tensor-size', { dims: [1], data_type: 1, float_data: [1, 2] }],
    ['no elements at all', 'onnx/tensor-size', { dims: [1], data_type: 1 }],
    ['too few raw bytes', 'onnx/tensor-size', { dims: [2], data_type: 1, raw_data: four }],
    ['too few varints', 'onnx/tensor-size', { dims: [3], data_type: 7, int64_data: [1000, 2] }],
    [
      'elements in two fields',
      'onnx/tensor-fields',
      { dims: [1], data_type: 1, float_data: [1], raw_data: four },
    ],
    ['elements in the wrong field', 'onnx/tensor-fields', { dims: [1], data_type: 1, double_data: [1] }],
    ['raw strings', 'onnx/raw-string', { dims: [1], data_type: 8, raw_data: four }],
    [
      'a segment',
      'onnx/tensor-segment',
      { dims: [1], data_type: 1, float_data: [1], segment: { begin: 0, end: 1 } },
    ],
  ];

  test.each(cases)('%s: %s', (_, rule, fields) => {
    expect(refusal(() => initializer(fields)).rule).toBe(rule);
  });

  test('a location that is none', () => {
    // protobufjs writes no number that its enum lacks.
    const proto: TensorProto = { dims: [1], data_type: 1, data_location: 7 };
    expect(refusal(() => new TensorData(proto, at, none)).rule).toBe('onnx/data-location');
  });

  test('a bit pattern wider than its dtype', () => {
    const data = initializer({ dims: [1], data_type: 10, int32_data: [70000] });
    expect(refusal(() => all(data)).rule).toBe('onnx/tensor-value');
  });

  test('strings that are not UTF-8', () => {
    const data = initializer({ dims: [1], data_type: 8, string_data: [Buffer.from([0xc3, 0x28])] });
    expect(refusal(() => all(data)).rule).toBe('onnx/utf-8');
  });

  test('a large block of varints that says too little, once it is read', () => {
    // 1,100,000 two-byte varints where 1,200,000 are announced: not counted on reading the model.
    const data = initializer({ dims: [1_200_000], data_type: 7, int64_data: new Array(1_100_000).fill(300) });
    expect(refusal(() => data.checkCount()).rule).toBe('onnx/tensor-size');
    expect(refusal(() => data.read(1_199_999, 1_200_000)).rule).toBe('onnx/tensor-size');
  });
});

describe('sparse tensors', () => {
  const sparse = (values: Fields, indices: Fields, dims: readonly number[]): SparseData => {
    const bytes = bytesOf(
      model({ sparse_initializer: [{ values: { name: 'S', ...values }, indices, dims }] }),
    );
    const [proto] = decode(sourceOf(bytes), 'ModelProto').graph?.sparse_initializer ?? [];
    return new SparseData(proto ?? {}, at, none);
  };
  const two = { dims: [2], data_type: 1, float_data: [5, 7] };

  test('stand for dense ones, by position or by indices', () => {
    const linear = sparse(two, { dims: [2], data_type: 7, int64_data: [1, 5] }, [2, 3]);
    expect([...all(linear)]).toEqual([0, 5, 0, 0, 0, 7]);
    expect([...linear.read(4, 6)]).toEqual([0, 7]);
    const pairs = sparse(two, { dims: [2, 2], data_type: 7, int64_data: [0, 1, 1, 2] }, [2, 3]);
    expect([...all(pairs)]).toEqual([0, 5, 0, 0, 0, 7]);
  });

  test.each([
    ['out of range', { dims: [2], data_type: 7, int64_data: [1, 6] }],
    ['negative', { dims: [2], data_type: 7, int64_data: [-1, 5] }],
    ['out of order', { dims: [2], data_type: 7, int64_data: [5, 1] }],
    ['twice the same', { dims: [2], data_type: 7, int64_data: [5, 5] }],
    ['past an extent', { dims: [2, 2], data_type: 7, int64_data: [0, 3, 1, 0] }],
  ])('indices %s are refused', (_, indices) => {
    expect(refusal(() => sparse(two, indices, [2, 3]).check()).rule).toBe('onnx/sparse');
  });

  test.each([
    ['too few indices', { dims: [1], data_type: 7, int64_data: [1] }],
    ['indices of another rank', { dims: [2, 3], data_type: 7, int64_data: [0, 0, 0, 1, 1, 1] }],
    ['indices that are no int64', { dims: [2], data_type: 6, int32_data: [1, 2] }],
  ])('%s are refused', (_, indices) => {
    expect(refusal(() => sparse(two, indices, [2, 3])).rule).toBe('onnx/sparse');
  });
});

test('elements of other sources are written as raw data, strings in their field', () => {
  const numbers = gather(encode('TensorProto', tensorProto(constant('float32', [1, 2], [2]), 'W')));
  // dims 2, data_type 1, name W, raw_data of 8 bytes.
  expect(Buffer.from(numbers).toString('hex')).toBe('08021001420157' + '4a080000803f00000040');
  const strings = gather(encode('TensorProto', tensorProto(constant('string', ['é', ''], [2]), undefined)));
  expect(Buffer.from(strings).toString('hex')).toBe('08021008' + '3202c3a9' + '3200');
  expect(column('string', 1)).toEqual(['']);
});
