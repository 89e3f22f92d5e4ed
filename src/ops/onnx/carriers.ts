/**
 * In which dtypes an operator computes the same as in another: where an older version does not take a dtype yet, its
 * inputs are cast to one of these, and its outputs back.
 */
import type { DType } from '../../tensor/dtype.ts';

type Carriers = (dtype: DType) => readonly DType[];

/** Wider dtypes that hold every value, those that old versions take first. */
const wider: ReadonlyMap<DType, readonly DType[]> = new Map<DType, readonly DType[]>([
  ['bool', ['uint8', 'int32', 'float32']],
  ['int8', ['int32', 'int64', 'float32', 'float64']],
  ['uint8', ['int32', 'int64', 'float32', 'float64']],
  ['int16', ['int32', 'int64', 'float32', 'float64']],
  ['uint16', ['int32', 'int64', 'float32', 'float64']],
  ['int32', ['int64', 'float64']],
  ['uint32', ['int64', 'float64']],
  ['float16', ['float32', 'float64']],
  ['bfloat16', ['float32', 'float64']],
  ['float32', ['float64']],
  ['int2', ['int8', 'int32']],
  ['int4', ['int8', 'int32']],
  ['uint2', ['uint8', 'int32']],
  ['uint4', ['uint8', 'int32']],
]);

const none: readonly DType[] = [];

/** Elements are moved, compared or chosen, never changed; or divided, where integers are divided where they are held. */
export const whereHeld: Carriers = (dtype) => wider.get(dtype) ?? none;

/**
 * Sums, differences, products: integers wrap when they are cast back; what is rounded to single precision first is
 * rounded to half precision as if it were rounded once (24 digits are twice 11 and two more).
 */
export const whereWrapped: Carriers = (dtype) => {
  if (dtype === 'uint64') return ['int64'];
  if (dtype === 'int64') return ['uint64'];
  return wider.get(dtype) ?? none;
};

/** Functions that are computed in doubles and rounded once. */
export const inDoubles: Carriers = (dtype) =>
  dtype === 'float16' || dtype === 'bfloat16' ? ['float64', 'float32'] : whereHeld(dtype);
