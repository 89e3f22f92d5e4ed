/** Arithmetic made with the builder, spelled shortly: what operators say themselves with at older opsets. */
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import type { DType } from '../../tensor/dtype.ts';
import { countOf } from '../../tensor/tensor.ts';
import { dimsOf } from './axes.ts';
import { number, vector } from './expansion.ts';

type Binary = (x: Value, y: Value | number) => Value;

/** Operators on tensors of one dtype; a number stands for a constant of it, and always on the right. */
export interface Spelling
  extends Readonly<
    Record<'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'mod' | 'less' | 'greater', Binary>
  > {
  number(value: number): Value;
  one(name: string, x: Value): Value;
  /** X where the condition holds, else Y. */
  where(when: Value, x: Value | number, y: Value | number): Value;
}

export const spelling = (b: Builder, dtype: DType): Spelling => {
  const made = (value: number): Value => number(b, dtype, value);
  const of = (v: Value | number): Value => (typeof v === 'number' ? made(v) : v);
  const two =
    (name: string): Binary =>
    (x, y) =>
      b.op(name, [x, of(y)]);
  return {
    number: made,
    one: (name, x) => b.op(name, [x]),
    where: (when, x, y) => b.op('Where', [when, of(x), of(y)]),
    add: two('Add'),
    sub: two('Sub'),
    mul: two('Mul'),
    div: two('Div'),
    min: two('Min'),
    max: two('Max'),
    mod: two('Mod'),
    less: two('Less'),
    greater: two('Greater'),
  };
};

/** The extents of a value where all are known, or why it cannot be said without them. */
export const extents = (v: Value | null | undefined): readonly number[] | Refusal => {
  const dims = dimsOf(v);
  return dims?.every((d): d is number => typeof d === 'number')
    ? dims
    : refuse('express/extent', `at this opset the extents of '${v?.name ?? ''}' must be known`);
};

export const reshaped = (b: Builder, x: Value, dims: readonly number[]): Value =>
  b.op('Reshape', [x, vector(b, dims)]);

/** A constant of int64. */
export const whole = (b: Builder, values: ArrayLike<number>, dims?: readonly number[]): Value =>
  b.constant(constant('int64', values, dims));

/** 0, 1, 2 … in a shape. */
export const counting = (b: Builder, dims: readonly number[]): Value =>
  whole(
    b,
    Array.from({ length: countOf(dims) }, (_, i) => i),
    dims,
  );

/** Indices of int64, those below 0 counted from the back of `extent`. */
export const fromTheFront = (b: Builder, at: Value, extent: Value | number): Value => {
  const s = spelling(b, 'int64');
  return s.where(s.less(at, 0), s.add(at, extent), at);
};
