/**
 * Element types. The names are ONNX's, lower case (onnx.proto, TensorProto.DataType); numbers that
 * JavaScript has no array for are held decoded, in the narrowest array that holds them exactly.
 */

export type Column =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[];

type Kind = 'float' | 'int' | 'uint' | 'bool' | 'string' | 'complex';

interface Info {
  readonly kind: Kind;
  /** Size of one element as stored in a file; 0 for strings. */
  readonly bits: number;
  /** Elements a value takes in its array: 2 for complex numbers (real, imaginary). */
  readonly width: 1 | 2;
  readonly make: (count: number) => Column;
}

const info = (kind: Kind, bits: number, make: (count: number) => Column, width: 1 | 2 = 1): Info => ({
  kind,
  bits,
  width,
  make,
});

const f32 = (n: number) => new Float32Array(n);
const i8 = (n: number) => new Int8Array(n);
const u8 = (n: number) => new Uint8Array(n);

const table = {
  float64: info('float', 64, (n) => new Float64Array(n)),
  float32: info('float', 32, f32),
  float16: info('float', 16, f32),
  bfloat16: info('float', 16, f32),
  float8e4m3fn: info('float', 8, f32),
  float8e4m3fnuz: info('float', 8, f32),
  float8e5m2: info('float', 8, f32),
  float8e5m2fnuz: info('float', 8, f32),
  float8e8m0: info('float', 8, f32),
  float6e2m3: info('float', 6, f32),
  float6e3m2: info('float', 6, f32),
  float4e2m1: info('float', 4, f32),
  int64: info('int', 64, (n) => new BigInt64Array(n)),
  int32: info('int', 32, (n) => new Int32Array(n)),
  int16: info('int', 16, (n) => new Int16Array(n)),
  int8: info('int', 8, i8),
  int4: info('int', 4, i8),
  int2: info('int', 2, i8),
  uint64: info('uint', 64, (n) => new BigUint64Array(n)),
  uint32: info('uint', 32, (n) => new Uint32Array(n)),
  uint16: info('uint', 16, (n) => new Uint16Array(n)),
  uint8: info('uint', 8, u8),
  uint4: info('uint', 4, u8),
  uint2: info('uint', 2, u8),
  bool: info('bool', 8, u8),
  string: info('string', 0, (n) => new Array<string>(n).fill('')),
  complex64: info('complex', 64, (n) => new Float32Array(2 * n), 2),
  complex128: info('complex', 128, (n) => new Float64Array(2 * n), 2),
} satisfies Record<string, Info>;

export type DType = keyof typeof table;

export const dtypes = Object.keys(table) as readonly DType[];

export const dtypeInfo = (dtype: DType): Info => table[dtype];

export const isFloat = (dtype: DType): boolean => table[dtype].kind === 'float';

/** Signed and unsigned integers of every width, not bool. */
export const isInteger = (dtype: DType): boolean =>
  table[dtype].kind === 'int' || table[dtype].kind === 'uint';

/** Held in a BigInt array. */
export const isBig = (dtype: DType): dtype is 'int64' | 'uint64' => dtype === 'int64' || dtype === 'uint64';

export const isNumeric = (dtype: DType): boolean => isFloat(dtype) || isInteger(dtype);

/** A zero-filled (for strings: empty-string-filled) array for `count` elements. */
export const column = (dtype: DType, count: number): Column => table[dtype].make(count);
