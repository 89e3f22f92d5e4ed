/** The type constraints that the standard's operators share (ONNX Operators, "Type Constraints"). */
import type { DType } from '../../tensor/dtype.ts';

export const floats: readonly DType[] = ['float16', 'float32', 'float64', 'bfloat16'];

const signed: readonly DType[] = ['int8', 'int16', 'int32', 'int64'];

export const integers: readonly DType[] = [...signed, 'uint8', 'uint16', 'uint32', 'uint64'];

/** Every dtype that has arithmetic. */
export const numeric: readonly DType[] = [...floats, ...integers];

export const signedNumeric: readonly DType[] = [...floats, ...signed];

/** The dtypes of indices. */
export const indices: readonly DType[] = ['int32', 'int64'];

/** The element types by their number in a file (onnx.proto, TensorProto.DataType); index 0 is undefined. */
const numbered: readonly (DType | null)[] = [
  null,
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
  'float6e2m3',
  'float6e3m2',
];

export const dtypeByNumber = (n: number): DType | undefined => numbered[n] ?? undefined;

export const numberOfDtype = (dtype: DType): number => numbered.indexOf(dtype);
