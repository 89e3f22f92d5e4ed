/** Products of matrices, as MatMul and Gemm share them. */
import type { Loop, Lowered, Row } from '../../kernel/row.ts';
import { type Column, column, type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { intRow, whole } from './take.ts';
import { addInLanes, type Matrix, type Size } from './tiling.ts';

/**
 * Adds to `out` [m, n] the product of `a` [m, k] and `b` [k, n]. Each element is summed in the order of k; the product and
 * the sum are rounded to the array's own precision at every step. Large products are computed in lanes, with the same result.
 */
export const addProduct = (out: Matrix, a: Matrix, b: Matrix, size: Size): void => {
  const [m, k, n] = size;
  if (m * k * n >= large) addInLanes(out, a, b, size);
  else if (out.data instanceof Float64Array) addDoubles(out, a, b, size);
  else addSingles(out, a, b, size);
};

/** Where packing for the lanes begins to pay off (measured with Node 20). */
const large = 2 ** 15;

const addDoubles = (out: Matrix, a: Matrix, b: Matrix, [m, k, n]: Size): void => {
  const [x, y, z] = [a.data as Float64Array, b.data as Float64Array, out.data as Float64Array];
  for (let i = 0; i < m; i++) {
    const to = out.at + i * out.row;
    for (let l = 0; l < k; l++) {
      const f = x[a.at + i * a.row + l * a.column] as number;
      const from = b.at + l * b.row;
      for (let j = 0; j < n; j++) z[to + j] = (z[to + j] as number) + f * (y[from + j * b.column] as number);
    }
  }
};

const addSingles = (out: Matrix, a: Matrix, b: Matrix, [m, k, n]: Size): void => {
  const [x, y, z] = [a.data as Float32Array, b.data as Float32Array, out.data as Float32Array];
  for (let i = 0; i < m; i++) {
    const to = out.at + i * out.row;
    for (let l = 0; l < k; l++) {
      const f = x[a.at + i * a.row + l * a.column] as number;
      const from = b.at + l * b.row;
      for (let j = 0; j < n; j++) {
        z[to + j] = (z[to + j] as number) + Math.fround(f * (y[from + j * b.column] as number));
      }
    }
  }
};

const addBig = (
  out: BigInt64Array,
  at: number,
  a: Matrix,
  b: Matrix,
  [m, k, n]: Size,
  times: (x: number | bigint, y: number | bigint) => bigint,
): void => {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0n;
      for (let l = 0; l < k; l++) {
        sum += times(
          a.data[a.at + i * a.row + l * a.column] as number | bigint,
          b.data[b.at + l * b.row + j * b.column] as number | bigint,
        );
      }
      out[at + i * n + j] = sum;
    }
  }
};

/**
 * An accumulator for products in a dtype, and what turns it into elements. float64 and float32 are summed in their own
 * precision, the smaller floats in single precision and rounded at the end, integers exactly and then wrapped.
 */
export const products = (dtype: DType, count: number) => {
  if (dtype === 'float64') {
    const out = new Float64Array(count);
    return {
      add: (at: number, a: Matrix, b: Matrix, size: Size) =>
        addProduct({ data: out, at, row: size[2], column: 1 }, a, b, size),
      done: (): Column => out,
    };
  }
  if (isFloat(dtype)) {
    const out = new Float32Array(count);
    return {
      add: (at: number, a: Matrix, b: Matrix, size: Size) =>
        addProduct({ data: out, at, row: size[2], column: 1 }, a, b, size),
      done: (): Column => (dtype === 'float32' ? out : Float32Array.from(out, rounder(dtype))),
    };
  }
  const out = new BigInt64Array(count);
  return {
    add: (at: number, a: Matrix, b: Matrix, size: Size) =>
      addBig(out, at, a, b, size, (x, y) => BigInt(x) * BigInt(y)),
    done: (): Column => {
      const wrapped = column(dtype, count) as unknown as (number | bigint)[];
      for (let i = 0; i < count; i++) {
        const x = out[i] as bigint;
        wrapped[i] = isBig(dtype) ? x : Number(BigInt.asIntN(32, x));
      }
      return wrapped as unknown as Column;
    },
  };
};

/** Elements of the product of a row's own matrix [m, k] with another [k, n]: a fold over k. */
export const lowerProduct =
  (
    dtype: DType,
    [m, k, n]: Size,
    a: (i: Row, l: Row) => Row,
    b: (l: Row, j: Row) => Row,
  ): Lowered['element'] =>
  (index) => {
    const loop: Loop = { loop: true };
    const l: Row = { k: 'index', loop };
    const i = m === 1 ? whole(0) : intRow('div', index, whole(n));
    const j = m === 1 ? index : intRow('mod', index, whole(n));
    return {
      k: 'fold',
      loop,
      over: k,
      with: 'sum',
      start: { k: 'const', dtype, value: isBig(dtype) ? 0n : 0 },
      body: { k: 'apply', fn: 'mul', dtype, args: [a(i, l), b(l, n === 1 ? whole(0) : j)] },
      dtype,
      ordered: isFloat(dtype),
    };
  };
