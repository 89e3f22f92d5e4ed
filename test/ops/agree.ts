/** When two values say the same. */
import { expect } from 'vitest';
import { type Datum, isTensor } from '../../src/tensor/datum.ts';
import { isBig } from '../../src/tensor/dtype.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

export interface Tolerance {
  readonly relative?: number;
  readonly absolute?: number;
}

/**
 * Where the values differ, in words; undefined where they are of equal kind, dtype, shape and elements; numbers within
 * `relative`, of their own magnitude, or `absolute`. NaN equals NaN; 0 and -0 are equal where a tolerance is given, else
 * the very bits must be.
 */
export const disagreement = (
  actual: Datum | undefined,
  expected: Datum,
  tolerance: Tolerance = {},
): string | undefined => {
  if (!actual) return 'is not there';
  if (isTensor(expected)) {
    return isTensor(actual) ? tensorsDiffer(actual, expected, tolerance) : `is a ${actual.kind}`;
  }
  if (isTensor(actual) || actual.kind !== expected.kind) return `is no ${expected.kind}`;
  if (expected.kind === 'sequence') {
    return itemsDiffer((actual as typeof expected).items, expected.items, tolerance);
  }
  if (expected.kind === 'map') {
    const { keys, values } = actual as typeof expected;
    return tensorsDiffer(keys, expected.keys, {}) ?? itemsDiffer(values, expected.values, tolerance);
  }
  return `is a ${expected.kind}, which nothing here expects`;
};

const itemsDiffer = (
  actual: readonly Datum[],
  expected: readonly Datum[],
  tolerance: Tolerance,
): string | undefined => {
  if (actual.length !== expected.length) return `has ${actual.length} items, not ${expected.length}`;
  for (const [i, e] of expected.entries()) {
    const why = disagreement(actual[i], e, tolerance);
    if (why) return `item ${i} ${why}`;
  }
  return undefined;
};

const tensorsDiffer = (
  actual: Tensor,
  expected: Tensor,
  { relative = 0, absolute = 0 }: Tolerance,
): string | undefined => {
  if (actual.dtype !== expected.dtype) return `is ${actual.dtype}, not ${expected.dtype}`;
  if (actual.dims.join() !== expected.dims.join()) return `is [${actual.dims}], not [${expected.dims}]`;
  const exact = expected.dtype === 'string' || isBig(expected.dtype) || (relative === 0 && absolute === 0);
  for (let i = 0; i < expected.data.length; i++) {
    const [got, wanted] = [actual.data[i], expected.data[i]];
    if (Object.is(got, wanted)) continue;
    const apart = Math.abs(Number(got) - Number(wanted));
    const near = got === wanted || apart <= Math.max(absolute, relative * Math.abs(Number(wanted)));
    if (exact || !near) return `element ${i} is ${shown(got)}, not ${shown(wanted)}`;
  }
  return actual.data.length === expected.data.length ? undefined : 'has another number of elements';
};

const shown = (v: unknown): string => (Object.is(v, -0) ? '-0' : JSON.stringify(v, (_, x) => String(x)));

export const expectAgreement = (actual: Datum | undefined, expected: Datum, tolerance?: Tolerance): void => {
  expect(disagreement(actual, expected, tolerance)).toBeUndefined();
};
