/** Normalisations said in canonical operators, in the steps that the standard's function bodies give. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { refused } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { numberOfDtype } from './constraints.ts';
import { number, vector } from './expansion.ts';

/** x in the dtype; itself where it is already. */
export const castTo = (b: Builder, x: Value, dtype: DType): Value =>
  x.type.kind === 'tensor' && x.type.dtype === dtype
    ? x
    : b.op('Cast', [x], { to: attr.int(numberOfDtype(dtype)) });

/** The rank of input 0; a located refusal where it is not known. */
export const rankOf = (node: Node): number =>
  dimsOf(node.inputs[0])?.length ?? refused(node, 'the rank of its input must be known');

export const meanOver = (b: Builder, x: Value, axes: readonly number[]): Value =>
  b.op('ReduceMean', [x, vector(b, axes)], { keepdims: attr.int(1) });

export interface Standardised {
  readonly value: Value;
  readonly mean: Value;
  /** 1 / √(variance + epsilon). */
  readonly inverse: Value;
}

/** (x − mean) / √(variance + epsilon), the population's variance, over the axes. */
export const standardised = (
  b: Builder,
  x: Value,
  axes: readonly number[],
  epsilon: number,
  dtype: DType,
): Standardised => {
  const mean = meanOver(b, x, axes);
  const centred = b.op('Sub', [x, mean]);
  const variance = meanOver(b, b.op('Mul', [centred, centred]), axes);
  const inverse = b.op('Reciprocal', [b.op('Sqrt', [b.op('Add', [variance, number(b, dtype, epsilon)])])]);
  return { value: b.op('Mul', [centred, inverse]), mean, inverse };
};

/** A vector of one number a channel, made to broadcast against `[N, C, D…]` of this rank. */
export const perChannel = (b: Builder, v: Value, rank: number): Value => {
  const axes = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  return axes.length === 0 ? v : b.op('Unsqueeze', [v, vector(b, axes)]);
};
