/** What is known of the elements of small tensors before anything runs: shapes travel through them. */
import type { Data } from '../tensor/data.ts';
import { dtypeInfo } from '../tensor/dtype.ts';
import type { Known } from './builder.ts';
import type { Dim, Value } from './model.ts';

/** In row-major order: a number, the extent that a symbol stands for, or nothing. Of bool, 0 and 1. */
export type Elements = readonly Dim[];

/** Tensors with more elements are no shapes; nothing is worked out for them. */
export const mostElements = 1024;

/** What is known of the elements of a value; undefined where that is nothing, or where there are too many. */
export const elementsOf = (v: Value | null | undefined, known: Known): Elements | undefined => {
  const data = known(v);
  return data ? elementsOfData(data) : (known.elements?.(v) ?? noElements(v));
};

/** Is anything known of the elements? Told without reading them. */
export const hasElements = (v: Value | null | undefined, known: Known): boolean => {
  const data = known(v);
  return data ? isSmall(data) : (known.elements?.(v) ?? noElements(v)) !== undefined;
};

/** Of a tensor without elements everything is known. */
const noElements = (v: Value | null | undefined): Elements | undefined =>
  v?.type.kind === 'tensor' && v.type.dims?.includes(0) ? [] : undefined;

/** Integers beyond 2^53, the end of a slice mostly, are the nearest number. */
const elementsOfData = (data: Data): Elements | undefined =>
  isSmall(data) ? Array.from(data.read(0, data.count) as ArrayLike<number | bigint>, Number) : undefined;

const isSmall = ({ count, dtype }: Data): boolean =>
  count <= mostElements && dtype !== 'string' && dtypeInfo(dtype).width === 1;

/** How many elements a value has, where that is a number and not too large. */
export const smallDims = (v: Value | null | undefined): readonly number[] | undefined => {
  if (v?.type.kind !== 'tensor' || v.type.dims === null) return undefined;
  let count = 1;
  for (const d of v.type.dims) {
    if (typeof d !== 'number') return undefined;
    count *= d;
  }
  return count <= mostElements ? (v.type.dims as readonly number[]) : undefined;
};
