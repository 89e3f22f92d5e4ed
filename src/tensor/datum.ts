/** What a value of the graph can be at run time beside a tensor (ONNX, onnx.proto: SequenceProto, OptionalProto, MapProto, SparseTensorProto). */
import type { Tensor } from './tensor.ts';

export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Datum[];
}

/** A value, or none. */
export interface Optional {
  readonly kind: 'optional';
  readonly value: Datum | null;
}

/** Keys, a vector of integers or strings without duplicates, and the value of each. */
export interface Mapping {
  readonly kind: 'map';
  readonly keys: Tensor;
  readonly values: readonly Datum[];
}

/** Elements that are not zero: `values` is a vector, `indices` is int64 `[n]` (row-major positions) or `[n, rank]`, ascending. */
export interface Sparse {
  readonly kind: 'sparse';
  readonly dims: readonly number[];
  readonly values: Tensor;
  readonly indices: Tensor;
}

export type Datum = Tensor | Sequence | Optional | Mapping | Sparse;

export const isTensor = (d: Datum): d is Tensor => !('kind' in d);

export const sequence = (items: readonly Datum[]): Sequence => ({ kind: 'sequence', items });

export const optional = (value: Datum | null): Optional => ({ kind: 'optional', value });
