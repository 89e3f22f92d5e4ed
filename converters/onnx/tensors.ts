/** TensorProto ↔ `Data`: elements are read when they are asked for, in windows, from wherever they are stored. */
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import { type Data, digestOf } from '../../src/tensor/data.ts';
import { type Column, column, type DType, dtypeInfo } from '../../src/tensor/dtype.ts';
import { type Bytes, FileRange, type Run, type Runs } from './bytes.ts';
import { Cursor } from './cursor.ts';
import type { Int, SparseTensorProto, TensorProto } from './schema.ts';
import { dataTypeOf, dtypeOf, fromCode, pack, storedBytes, unpack } from './storage.ts';

/** Where the file of an external tensor is found; throws where it may not be read. */
export type External = (proto: TensorProto, bytes: number, at: Place) => FileRange;

/** Typed arrays end at 4 GiB on Node 20. */
const largestWindow = 2 ** 32;
/** Packed varints beyond this are counted when they are read, not when the model is. */
const countAtOnce = 1 << 20;
const largestRank = 64;

type ValueField = 'float_data' | 'int32_data' | 'int64_data' | 'double_data' | 'uint64_data' | 'string_data';

/** The typed field for a dtype (TensorProto, comments of the value fields). */
const valueField = (dtype: DType): ValueField => {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return 'float_data';
    case 'float64':
    case 'complex128':
      return 'double_data';
    case 'int64':
      return 'int64_data';
    case 'uint32':
    case 'uint64':
      return 'uint64_data';
    case 'string':
      return 'string_data';
    default:
      return 'int32_data';
  }
};

const valueFields: readonly ValueField[] = [
  'float_data',
  'int32_data',
  'int64_data',
  'double_data',
  'uint64_data',
  'string_data',
];

/** Extents as numbers; refuses negative ones and products beyond 2^53. */
const dimsOf = (dims: readonly Int[] | undefined, at: Place): number[] => {
  const out = (dims ?? []).map(Number);
  if (out.length > largestRank)
    fail('onnx/rank', `${out.length} dimensions; ${largestRank} is the limit`, at);
  if (out.some((d) => d < 0)) fail('onnx/dims', `the shape [${out}] has a negative extent`, at);
  if (!Number.isSafeInteger(out.reduce((n, d) => n * d, 1)) || !out.every(Number.isSafeInteger)) {
    fail('onnx/dims', `a tensor of shape [${out}] is larger than anything`, at);
  }
  return out;
};

/** Elements of several stored values to one: pairs of 4-bit codes, fours of 2-bit codes, two floats a complex number. */
const storedValues = (dtype: DType, count: number): number => {
  const { bits, width } = dtypeInfo(dtype);
  if (bits === 4 || bits === 2) return Math.ceil((count * bits) / 8);
  return count * width;
};

/** The elements of a TensorProto. `proto` is kept, so that the tensor is written back as it was read. */
export class TensorData implements Data {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly count: number;
  readonly proto: TensorProto;
  /** The bytes of `raw_data`, in this file or another; null where a typed field holds the elements. */
  readonly raw: FileRange | null;
  private readonly at: Place;
  private scanner: Scanner | null = null;

  constructor(proto: TensorProto, at: Place, external: External) {
    this.proto = proto;
    this.at = at;
    this.dtype =
      dtypeOf(proto.data_type) ??
      fail('onnx/data-type', `${proto.data_type ?? 'nothing'} is not the number of an element type`, at);
    this.dims = dimsOf(proto.dims, at);
    this.count = this.dims.reduce((n, d) => n * d, 1);
    this.raw = this.locate(external);
  }

  private locate(external: External): FileRange | null {
    const { proto, dtype, count, at } = this;
    if (proto.segment) fail('onnx/tensor-segment', 'tensors in segments are not read', at);
    const bytes = storedBytes(dtype, count);
    const held = valueFields.filter((f) => proto[f] !== undefined);
    const ways = held.length + Number(proto.raw_data !== undefined) + Number(proto.data_location === 1);
    if (ways > 1) fail('onnx/tensor-fields', 'the elements are stored in more than one way', at);
    if (dtype === 'string' && (proto.raw_data !== undefined || proto.data_location === 1)) {
      fail('onnx/raw-string', 'strings are never stored as raw or external data', at);
    }
    if (proto.data_location === 1) return external(proto, bytes, at);
    if (proto.data_location !== undefined && proto.data_location !== 0) {
      fail('onnx/data-location', `there is no data location ${proto.data_location}`, at);
    }
    if (proto.raw_data) {
      if (proto.raw_data.length !== bytes) {
        fail(
          'onnx/tensor-size',
          `${dtype}[${this.dims}] takes ${bytes} bytes, ${proto.raw_data.length} stand here`,
          at,
        );
      }
      return proto.raw_data as FileRange;
    }
    const [field] = held;
    if (field !== undefined && field !== valueField(dtype)) {
      fail('onnx/tensor-fields', `elements of ${dtype} do not stand in ${field}`, at);
    }
    this.checkCount(countAtOnce);
    return null;
  }

  /** Are there as many elements as the shape says? Blocks of varints above `limit` bytes are only estimated. */
  checkCount(limit = Infinity): void {
    if (this.proto.raw_data || this.proto.data_location === 1) return;
    const { dtype, count } = this;
    const expected = storedValues(dtype, count);
    const runs = this.runs;
    const [least, most] = countOfRuns(runs, valueField(dtype), limit);
    if (expected < least || expected > most) {
      const found = least === most ? least : `${least} to ${most}`;
      fail(
        'onnx/tensor-size',
        `${dtype}[${this.dims}] takes ${expected} stored values, ${found} stand here`,
        this.at,
      );
    }
  }

  private get runs(): Runs | null {
    return (this.proto[valueField(this.dtype)] as Runs | undefined) ?? null;
  }

  read(from: number, to: number): Column {
    const { dtype, raw, at } = this;
    const { bits } = dtypeInfo(dtype);
    if (((to - from) * Math.max(bits, 8)) / 8 >= largestWindow) {
      fail('onnx/window', `${to - from} elements of ${dtype} do not fit one array; read fewer at once`, at);
    }
    if (raw) {
      const first = Math.floor((from * bits) / 8);
      return unpack(dtype, raw.read(first, Math.ceil((to * bits) / 8)), to - from, (from * bits) % 8);
    }
    const { runs } = this;
    if (runs === null) return column(dtype, 0);
    const block = runs.list[0] as Run;
    if (
      runs.list.length === 1 &&
      !block.tagged &&
      (valueField(dtype) === 'float_data' || valueField(dtype) === 'double_data')
    ) {
      // A packed block of fixed width is laid out as raw data.
      const width = bits / 8;
      return unpack(dtype, runs.source.read(block.from + from * width, block.from + to * width), to - from);
    }
    return this.scan(runs, from, to);
  }

  private scan(runs: Runs, from: number, to: number): Column {
    const { dtype } = this;
    const { bits, width, kind } = dtypeInfo(dtype);
    const out = column(dtype, to - from);
    const perValue = bits === 4 ? 2 : bits === 2 ? 4 : 1;
    const first = perValue > 1 ? Math.floor(from / perValue) : from * width;
    if (!this.scanner || this.scanner.index > first)
      this.scanner = new Scanner(runs, valueField(dtype), this.at);
    const { scanner } = this;
    scanner.seek(first);
    if (perValue > 1) {
      const value = fromCode(dtype);
      let code = 0;
      for (let i = from; i < to; i++) {
        if (i === from || i % perValue === 0) code = Number(scanner.next());
        out[i - from] = value((code >> ((i % perValue) * bits)) & (2 ** bits - 1));
      }
      return out;
    }
    const small = kind === 'float' && bits <= 16;
    const value = small || kind === 'bool' ? fromCode(dtype) : null;
    const big = dtype === 'int64' || dtype === 'uint64';
    for (let i = 0; i < (to - from) * width; i++) {
      const x = scanner.next();
      if (value) {
        const code = Number(x);
        if (small && (code < 0 || code >= 2 ** bits)) {
          fail('onnx/tensor-value', `${code} is no bit pattern of ${dtype}`, this.at);
        }
        out[i] = value(code);
      } else out[i] = big ? BigInt(x) : (x as number);
    }
    return out;
  }

  digest(): string {
    return digestOf(this);
  }
}

/** Steps through the values of a typed field, from the front. */
class Scanner {
  index = 0;
  private readonly runs: Runs;
  private readonly field: ValueField;
  private readonly place: Place;
  private readonly cursor: Cursor;
  private run = 0;

  constructor(runs: Runs, field: ValueField, place: Place) {
    this.runs = runs;
    this.field = field;
    this.place = place;
    this.cursor = new Cursor(runs.source, runs.list[0]?.from ?? 0);
  }

  seek(index: number): void {
    while (this.index < index) this.next();
  }

  next(): Int | string {
    const { cursor, runs } = this;
    let run = runs.list[this.run];
    while (run && cursor.at >= run.to) {
      run = runs.list[++this.run];
      if (run) cursor.at = run.from;
    }
    if (!run) return fail('onnx/tensor-size', 'there are fewer elements than the shape says', this.place);
    if (run.tagged) cursor.unsigned();
    const value = this.value(run.to);
    if (cursor.at > run.to) fail('onnx/length', 'the last element is cut', this.place);
    this.index++;
    return value;
  }

  private value(end: number): Int | string {
    const { cursor } = this;
    switch (this.field) {
      case 'float_data':
        return cursor.float();
      case 'double_data':
        return cursor.double();
      case 'int32_data':
        return cursor.int32();
      case 'int64_data':
        return cursor.signed();
      case 'uint64_data':
        return cursor.unsigned();
      case 'string_data':
        return cursor.text(cursor.lengthWithin(end));
    }
  }
}

/** How many values a field holds, at least and at most. */
const countOfRuns = (runs: Runs | null, field: ValueField, limit: number): [number, number] => {
  let least = 0;
  let most = 0;
  for (const r of runs?.list ?? []) {
    const bytes = r.to - r.from;
    if (r.tagged) {
      least += r.count;
      most += r.count;
    } else if (field === 'float_data' || field === 'double_data') {
      const n = bytes / (field === 'float_data' ? 4 : 8);
      least += n;
      most += n;
    } else if (bytes <= limit) {
      const n = countVarints(new FileRange((runs as Runs).source, r.from, r.to));
      least += n;
      most += n;
    } else {
      least += Math.ceil(bytes / 10);
      most += bytes;
    }
  }
  return [least, most];
};

/** A varint ends with the byte that has no high bit. */
const countVarints = (range: FileRange): number => {
  let count = 0;
  for (const chunk of range.chunks()) for (const byte of chunk) if (byte < 0x80) count++;
  return count;
};

/** Dense elements of a SparseTensorProto, made for the window asked for; written back as it was read. */
export class SparseData implements Data {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly count: number;
  readonly proto: SparseTensorProto;
  private readonly values: TensorData;
  /** null where every element is zero. */
  private readonly indices: TensorData | null;
  private readonly at: Place;
  private positions: Float64Array | null = null;

  constructor(proto: SparseTensorProto, at: Place, external: External) {
    this.proto = proto;
    this.at = at;
    if (!proto.values) fail('onnx/sparse', 'a sparse tensor has no values', at);
    this.values = new TensorData(proto.values as TensorProto, at, external);
    this.indices = proto.indices ? new TensorData(proto.indices, at, external) : null;
    this.dtype = this.values.dtype;
    this.dims = dimsOf(proto.dims, at);
    this.count = this.dims.reduce((n, d) => n * d, 1);
    const [nnz] = this.values.dims;
    const { dims = [0], dtype = 'int64' } = this.indices ?? {};
    const [rows, rank] = dims;
    if (this.values.dims.length !== 1 || dtype !== 'int64' || rows !== nnz) {
      fail('onnx/sparse', 'the values must be [NNZ], the indices int64 [NNZ] or [NNZ, rank]', at);
    }
    if (dims.length > 2 || (rank !== undefined && rank !== this.dims.length)) {
      fail('onnx/sparse', `indices of shape [${dims}] do not fit a tensor of rank ${this.dims.length}`, at);
    }
  }

  /** How many numbers `check` reads. */
  get indexCount(): number {
    return this.indices?.count ?? 0;
  }

  /** Row-major positions of the values; refuses what is out of range or out of order. */
  check(): Float64Array {
    if (this.positions) return this.positions;
    const { dims, indices, at } = this;
    const nnz = this.values.count;
    const given = (indices?.read(0, indices.count) ?? []) as ArrayLike<bigint>;
    const rank = indices?.dims.length === 2 ? dims.length : 0;
    const positions = new Float64Array(nnz);
    for (let i = 0; i < nnz; i++) {
      let position = 0;
      if (rank === 0) position = Number(given[i]);
      for (let d = 0; d < rank; d++) {
        const index = Number(given[i * rank + d]);
        const extent = dims[d] as number;
        if (!(index >= 0 && index < extent))
          fail('onnx/sparse', `index ${index} is outside of ${extent}`, at);
        position = position * extent + index;
      }
      if (!(position >= 0 && position < this.count)) fail('onnx/sparse', `index ${position} is outside`, at);
      if (i > 0 && position <= (positions[i - 1] as number)) {
        fail('onnx/sparse', 'the indices are not in ascending order', at);
      }
      positions[i] = position;
    }
    this.positions = positions;
    return positions;
  }

  read(from: number, to: number): Column {
    const positions = this.check();
    const out = column(this.dtype, to - from);
    const { width } = dtypeInfo(this.dtype);
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((positions[middle] as number) < from) low = middle + 1;
      else high = middle;
    }
    let stop = low;
    while (stop < positions.length && (positions[stop] as number) < to) stop++;
    const values = this.values.read(low, stop);
    for (let i = low; i < stop; i++) {
      const target = ((positions[i] as number) - from) * width;
      for (let k = 0; k < width; k++) out[target + k] = values[(i - low) * width + k] as never;
    }
    return out;
  }

  digest(): string {
    return digestOf(this);
  }
}

const elementsAtOnce = 1 << 18;

function* windows(data: Data): Iterable<Column> {
  for (let at = 0; at < data.count; at += elementsAtOnce) {
    yield data.read(at, Math.min(at + elementsAtOnce, data.count));
  }
}

/** Elements as raw data, encoded while they are written. */
const rawBytes = (data: Data): Bytes => ({
  length: storedBytes(data.dtype, data.count),
  *chunks() {
    for (const part of windows(data)) yield pack(data.dtype, part as Exclude<Column, string[]>);
  },
});

const stringTag = 6 * 8 + 2;

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];

/** Strings as tagged elements of string_data. */
const stringBytes = (data: Data): Bytes => {
  function* chunks(): Iterable<Uint8Array> {
    for (const part of windows(data)) {
      for (const s of part as string[]) {
        const text = Buffer.from(s);
        yield Buffer.concat([Uint8Array.from([stringTag, ...varint(text.length)]), text]);
      }
    }
  }
  let length = 0;
  for (const chunk of chunks()) length += chunk.length;
  return { length, chunks };
};

/** A tensor as it was read where it was read from ONNX, else as raw data; external data comes into the file. */
export const tensorProto = (data: Data, name: string | undefined): TensorProto => {
  const named = name === undefined ? {} : { name };
  if (data instanceof TensorData) {
    const { external_data, data_location, ...proto } = data.proto;
    if (data_location === 1) return { ...proto, ...named, raw_data: data.raw as FileRange };
    return { ...proto, ...(data_location !== undefined && { data_location }), ...named };
  }
  return {
    ...(data.dims.length > 0 && { dims: [...data.dims] }),
    data_type: dataTypeOf(data.dtype),
    ...named,
    ...(data.dtype === 'string' ? { string_data: stringBytes(data) } : { raw_data: rawBytes(data) }),
  };
};
