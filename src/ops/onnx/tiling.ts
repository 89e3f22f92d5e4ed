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
      packRight(by, { ...b, at: b.at + l * b.row + j * b.column }, depth, columns);
      for (let i = 0; i < m; i += largest.rows) {
        const rows = Math.min(largest.rows, m - i);
        packLeft(by, { ...a, at: a.at + i * a.row + l * a.column }, rows, depth);
        addTiles(by, { ...out, at: out.at + i * out.row + j }, rows, depth, columns);
      }
    }
  }
};

/** Strips of `by.rows` rows, each column by column; rows beyond the last are 0. */
const packLeft = ({ memory, rows: high }: Lanes, a: Matrix, rows: number, depth: number): void => {
  const data = a.data as Floats;
  let to = 0;
  for (let strip = 0; strip < rows; strip += high) {
    for (let l = 0; l < depth; l++) {
      const from = a.at + strip * a.row + l * a.column;
      for (let r = 0; r < high; r++) memory[to++] = strip + r < rows ? (data[from + r * a.row] as number) : 0;
    }
  }
};

/** Strips of `by.columns` columns, each row by row; columns beyond the last are 0. */
const packRight = (
  { memory, right, columns: wide }: Lanes,
  b: Matrix,
  depth: number,
  columns: number,
): void => {
  const data = b.data as Floats;
  let to = right;
  for (let strip = 0; strip < columns; strip += wide) {
    for (let l = 0; l < depth; l++) {
      const from = b.at + l * b.row + strip * b.column;
      for (let c = 0; c < wide; c++)
        memory[to++] = strip + c < columns ? (data[from + c * b.column] as number) : 0;
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
