/** When two tensors say the same. */
import { expect } from 'vitest';
import { isBig } from '../../src/tensor/dtype.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/**
 * Equal dtype, shape and elements; numbers within `relative`, of their own magnitude, or `absolute`. NaN equals NaN; 0 and
 * -0 are equal where a tolerance is given, else the very bits must be.
 */
export const expectAgreement = (
  actual: Tensor | undefined,
  expected: Tensor,
  { relative = 0, absolute = 0 }: { relative?: number; absolute?: number } = {},
): void => {
  expect(actual?.dtype).toBe(expected.dtype);
  expect(actual?.dims).toEqual(expected.dims);
  const a = elements(actual);
  const e = elements(expected);
  expect(a.length).toBe(e.length);
  if (expected.dtype === 'string' || isBig(expected.dtype) || (relative === 0 && absolute === 0)) {
    expect(a).toEqual(e);
    return;
  }
  const differ = e.flatMap((want, i) => {
    const got = Number(a[i]);
    const wanted = Number(want);
    const fits =
      Object.is(got, wanted) ||
      got === wanted ||
      Math.abs(got - wanted) <= Math.max(absolute, relative * Math.abs(wanted));
    return fits ? [] : [{ at: i, got, wanted }];
  });
  expect(differ).toEqual([]);
};

const elements = (t: Tensor | undefined): (number | bigint | string)[] =>
  Array.from((t?.data ?? []) as ArrayLike<number | bigint | string>);
