/** Elements as ONNX stores them in `raw_data`: little-endian, several to a byte below 8 bits, lowest bits first. */
import { type Column, column, type DType, dtypeInfo, dtypes } from '../../src/tensor/dtype.ts';
import { decodeMini, encodeMini } from '../../src/tensor/float.ts';
import { DataType } from './messages.ts';

const renamed: Readonly<Record<string, DType>> = { FLOAT: 'float32', DOUBLE: 'float64' };
const known: ReadonlySet<string> = new Set(dtypes);

const numbered: (DType | undefined)[] = [];
for (const [name, number] of Object.entries(DataType)) {
  const dtype = renamed[name] ?? name.toLowerCase();
  if (known.has(dtype)) numbered[number] = dtype as DType;
}

/** The dtype behind a number of TensorProto.DataType; undefined where there is none. */
export const dtypeOf = (dataType: number | undefined): DType | undefined => numbered[dataType ?? 0];

export const dataTypeOf = (dtype: DType): number => numbered.indexOf(dtype);

/** How many bytes `count` elements take. */
export const storedBytes = (dtype: DType, count: number): number =>
  Math.ceil((count * dtypeInfo(dtype).bits) / 8);

const isMini = (dtype: DType): boolean => dtypeInfo(dtype).kind === 'float' && dtypeInfo(dtype).bits <= 16;

const tables = new Map<DType, Float32Array>();

/** What each code of a small float format stands for. */
const miniTable = (dtype: DType): Float32Array => {
  let table = tables.get(dtype);
  if (!table) {
    table = Float32Array.from({ length: 2 ** dtypeInfo(dtype).bits }, (_, code) => decodeMini(code, dtype));
    tables.set(dtype, table);
  }
  return table;
};

/** The code of element `i` in a stream of `bits`-wide codes that starts `skip` bits into `bytes`. */
const codeAt = (bytes: Uint8Array, i: number, bits: number, skip: number): number => {
  const at = skip + i * bits;
  const first = at >> 3;
  const pair = (bytes[first] as number) | ((bytes[first + 1] ?? 0) << 8);
  return (pair >> (at & 7)) & ((1 << bits) - 1);
};

/** What a code of at most 16 bits stands for. */
export const fromCode = (dtype: DType): ((code: number) => number) => {
  const { bits, kind } = dtypeInfo(dtype);
  if (kind === 'float') {
    const table = miniTable(dtype);
    return (code) => table[code] as number;
  }
  if (kind === 'bool') return (code) => (code === 0 ? 0 : 1);
  const shift = 32 - bits;
  return kind === 'int' ? (code) => (code << shift) >> shift : (code) => code;
};

const toCode = (dtype: DType): ((x: number) => number) => {
  if (isMini(dtype)) return (x) => encodeMini(x, dtype);
  const mask = 2 ** dtypeInfo(dtype).bits - 1;
  return (x) => x & mask;
};

/**
 * `count` elements from stored bytes; `skip` bits of the first byte belong to the element before. Booleans are 0 or 1
 * whatever byte stands there.
 */
export const unpack = (dtype: DType, bytes: Uint8Array, count: number, skip = 0): Column => {
  const out = column(dtype, count) as Exclude<Column, string[]>;
  const { bits } = dtypeInfo(dtype);
  if (bits < 8 || isMini(dtype) || dtype === 'bool') {
    const value = fromCode(dtype);
    for (let i = 0; i < count; i++) {
      const code =
        bits < 8
          ? codeAt(bytes, i, bits, skip)
          : bits === 8
            ? (bytes[i] as number)
            : (bytes[2 * i] as number) | ((bytes[2 * i + 1] as number) << 8);
      out[i] = value(code);
    }
    return out;
  }
  new Uint8Array(out.buffer).set(bytes.subarray(0, out.byteLength));
  return out;
};

/** The bytes of elements; the last byte is filled up with zeros. */
export const pack = (dtype: DType, elements: Exclude<Column, string[]>): Uint8Array => {
  const { bits } = dtypeInfo(dtype);
  if (bits >= 8 && !isMini(dtype)) {
    return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  }
  const code = toCode(dtype);
  const out = new Uint8Array(storedBytes(dtype, elements.length));
  for (let i = 0; i < elements.length; i++) {
    const c = code(elements[i] as number);
    const at = i * bits;
    const first = at >> 3;
    const shifted = c << (at & 7);
    out[first] = (out[first] as number) | (shifted & 0xff);
    if (shifted > 0xff) out[first + 1] = shifted >> 8;
  }
  return out;
};
