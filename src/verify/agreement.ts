/** Two values of any kind, element against element: what a test data set says should come out, and what did. */
import { type Datum, isTensor } from '../tensor/datum.ts';
import { dtypeInfo, isFloat } from '../tensor/dtype.ts';
import { ulpDistance } from '../tensor/float.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Tolerance } from './compare.ts';

/** Of the standard's own test runner. */
export const standardTolerance: Tolerance = { rtol: 1e-3, atol: 1e-7 };

/** Why `got` is not `wanted`, in words; undefined where it is, within the tolerance. Without one, only types and shapes are compared. */
export const disagreement = (
  got: Datum | undefined,
  wanted: Datum,
  tolerance: Tolerance | null = standardTolerance,
): string | undefined => {
  if (got === undefined) return 'is not there';
  if (isTensor(wanted)) {
    return isTensor(got) ? tensors(got, wanted, tolerance) : `is a ${got.kind}, not a tensor`;
  }
  if (isTensor(got) || got.kind !== wanted.kind) {
    return `is a ${isTensor(got) ? 'tensor' : got.kind}, not a ${wanted.kind}`;
  }
  switch (wanted.kind) {
    case 'sequence':
      return lists((got as typeof wanted).items, wanted.items, tolerance);
    case 'optional': {
      const { value } = got as typeof wanted;
      if (wanted.value === null) return value === null ? undefined : 'holds a value, and should be empty';
      return value === null ? 'is empty' : disagreement(value, wanted.value, tolerance);
    }
    case 'map': {
      const { keys, values } = got as typeof wanted;
      const why = disagreement(keys, wanted.keys, tolerance);
      return why ? `has other keys: their vector ${why}` : lists(values, wanted.values, tolerance);
    }
    case 'sparse': {
      const { dims, values, indices } = got as typeof wanted;
      if (dims.join() !== wanted.dims.join()) return `has shape [${dims}], not [${wanted.dims}]`;
      return (
        disagreement(indices, wanted.indices, tolerance) ?? disagreement(values, wanted.values, tolerance)
      );
    }
  }
};

const lists = (
  got: readonly Datum[],
  wanted: readonly Datum[],
  tolerance: Tolerance | null,
): string | undefined => {
  if (got.length !== wanted.length) return `has ${got.length} items, not ${wanted.length}`;
  for (const [i, w] of wanted.entries()) {
    const why = disagreement(got[i], w, tolerance);
    if (why) return `item ${i} ${why}`;
  }
  return undefined;
};

const tensors = (got: Tensor, wanted: Tensor, tolerance: Tolerance | null): string | undefined => {
  if (got.dtype !== wanted.dtype) return `is ${got.dtype}, not ${wanted.dtype}`;
  if (got.dims.join() !== wanted.dims.join()) return `has shape [${got.dims}], not [${wanted.dims}]`;
  if (tolerance === null) return undefined;
  const { kind, width } = dtypeInfo(wanted.dtype);
  const within = kind === 'float' || kind === 'complex' ? close(tolerance, wanted) : Object.is;
  let different = 0;
  let worst = -1;
  let size = -1;
  for (let i = 0; i < wanted.data.length; i++) {
    const [x, y] = [got.data[i], wanted.data[i]];
    // Equal first: 0 is -0 here, as it is for the standard's runner.
    if (x === y || within(x, y)) continue;
    different++;
    const apart = typeof x === 'number' ? Math.abs(x - (y as number)) : 0;
    if (worst < 0 || apart > size || Number.isNaN(apart)) [worst, size] = [i, apart];
  }
  if (different === 0) return undefined;
  const of = `${different} of ${wanted.data.length / width} elements differ`;
  return `${of}, most at [${position(Math.floor(worst / width), wanted.dims)}]: ${got.data[worst]}, not ${wanted.data[worst]}`;
};

/** Are two numbers close? NaN is NaN; an infinity is itself alone. */
const close = ({ rtol = 0, atol = 0, ulp }: Tolerance, { dtype }: Tensor) => {
  return (x: unknown, y: unknown): boolean => {
    const [a, b] = [x as number, y as number];
    if (Number.isNaN(b)) return Number.isNaN(a);
    if (Number.isFinite(b) && Math.abs(a - b) <= atol + rtol * Math.abs(b)) return true;
    return ulp !== undefined && isFloat(dtype) && Number.isFinite(a) && ulpDistance(a, b, dtype) <= ulp;
  };
};

const position = (index: number, dims: readonly number[]): string => {
  const at: number[] = [];
  let rest = index;
  for (const d of [...dims].reverse()) {
    at.unshift(rest % d);
    rest = Math.floor(rest / d);
  }
  return at.join(', ');
};
