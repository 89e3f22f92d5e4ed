/** The range of the integer types; bool is 0 and 1. */
import { type DType, dtypeInfo, isBig } from '../../tensor/dtype.ts';

export const lowest = (dtype: DType): number | bigint => {
  const { kind, bits } = dtypeInfo(dtype);
  const low = kind === 'int' ? -(2n ** BigInt(bits - 1)) : 0n;
  return isBig(dtype) ? low : Number(low);
};

export const highest = (dtype: DType): number | bigint => {
  const { kind, bits } = dtypeInfo(dtype);
  if (kind === 'bool') return 1;
  const high = 2n ** BigInt(kind === 'int' ? bits - 1 : bits) - 1n;
  return isBig(dtype) ? high : Number(high);
};
