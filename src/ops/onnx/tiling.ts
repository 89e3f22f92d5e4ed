/** Products of large matrices, block by block, tile by tile. */
import type { Column } from '../../tensor/dtype.ts';
import { type Lanes, lanes, largest } from './lanes.ts';

/** A matrix in an array: where it begins, and how far apart its rows and its columns are. */
export interface Matrix {
  readonly data: Column;
  readonly at: number;
  readonly row: number;
  readonly column: number;
}

export type Size = readonly [m: number, k: number, n: number];

type Floats = Float32Array | Float64Array;

/**
 * Adds to `out` [m, n], whose columns are neighbours, the product of `a` [m, k] and `b` [k, n]. Blocks go along k in order,
 * so that every element is summed as in one pass.
 */
export const addInLanes = (out: Matrix, a: Matrix, b: Matrix, [m, k, n]: Size): void => {
  const by = lanes(out.data instanceof Float64Array ? 'float64' : 'float32');
  for (let j = 0; j < n; j += largest.columns) {
    const columns = Math.min(largest.columns, n - j);
    for (let l = 0; l < k; l += largest.depth) {
      const depth = Math.min(largest.depth, k - l);
      const right = { ...b, at: b.at + l * b.row + j * b.column };
      pack(by.memory, by.right, right, [b.column, b.row], [columns, depth], by.columns);
      for (let i = 0; i < m; i += largest.rows) {
        const rows = Math.min(largest.rows, m - i);
        const left = { ...a, at: a.at + i * a.row + l * a.column };
        pack(by.memory, 0, left, [a.row, a.column], [rows, depth], by.rows);
        addTiles(by, { ...out, at: out.at + i * out.row + j }, rows, depth, columns);
      }
    }
  }
};

/**
 * Writes a side of the product to the memory from `to` on, in strips of `wide` rows (or columns), each step by step along k:
 * `along` is how far a step is in the data, `across` how far the next row. What the last strip
 * has beyond the matrix is 0.
 */
const pack = (
  memory: Floats,
  to: number,
  { data, at }: Matrix,
  [across, along]: readonly [number, number],
  [count, depth]: readonly [number, number],
  wide: number,
): void => {
  const source = data as Floats;
  let place = to;
  for (let strip = 0; strip < count; strip += wide) {
    const held = Math.min(wide, count - strip);
    for (let l = 0; l < depth; l++, place += wide) {
      const from = at + strip * across + l * along;
      for (let r = 0; r < held; r++) memory[place + r] = source[from + r * across] as number;
      for (let r = held; r < wide; r++) memory[place + r] = 0;
    }
  }
};

const addTiles = (by: Lanes, out: Matrix, rows: number, depth: number, columns: number): void => {
  const { memory, tile, rows: high, columns: wide } = by;
  const data = out.data as Floats;
  for (let j = 0; j < columns; j += wide) {
    const held = Math.min(wide, columns - j);
    for (let i = 0; i < rows; i += high) {
      const inside = Math.min(high, rows - i);
      for (let r = 0; r < inside; r++) {
        const from = out.at + (i + r) * out.row + j;
        for (let c = 0; c < held; c++) memory[tile + r * wide + c] = data[from + c] as number;
      }
      by.run(i * depth, by.right + j * depth, depth);
      for (let r = 0; r < inside; r++) {
        const to = out.at + (i + r) * out.row + j;
        for (let c = 0; c < held; c++) data[to + c] = memory[tile + r * wide + c] as number;
      }
    }
  }
};
