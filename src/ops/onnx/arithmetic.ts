/**
 * Sum, difference, product and quotient of floats, of which most models are made: beside what each says of one pair, a loop
 * over a run of pairs, so that no element costs a call. For doubles and singles apart, since the engine compiles a loop
 * for the kind of array it has met.
 */

type Arithmetic = (x: number, y: number) => number;

/** A run of `length` pairs, as `runs` gives it: from x[from[0]], y[from[1]] on, by their steps, to out[at] on. */
type Loop<A> = (
  f: Arithmetic,
  x: A,
  y: A,
  out: A,
  at: number,
  length: number,
  from: Int32Array,
  steps: Int32Array,
) => void;

interface Loops {
  readonly doubles: Loop<Float64Array>;
  readonly singles: Loop<Float32Array>;
}

/** Where a run begins in both operands, and their steps. */
export const places = (from: Int32Array, steps: Int32Array): [number, number, number, number] =>
  [from[0], from[1], steps[0], steps[1]] as [number, number, number, number];

export const sum: Arithmetic = (x, y) => x + y;
export const difference: Arithmetic = (x, y) => x - y;
export const product: Arithmetic = (x, y) => x * y;
export const quotient: Arithmetic = (x, y) => x / y;

export const loops: ReadonlyMap<unknown, Loops> = new Map<unknown, Loops>([
  [
    sum,
    {
      doubles: (_, x, y, out, at, length, from, steps) => {
        const [i, j, di, dj] = places(from, steps);
        for (let n = 0; n < length; n++) out[at + n] = (x[i + n * di] as number) + (y[j + n * dj] as number);
      },
      singles: (_, x, y, out, at, length, from, steps) => {
        const [i, j, di, dj] = places(from, steps);
        for (let n = 0; n < length; n++) out[at + n] = (x[i + n * di] as number) + (y[j + n * dj] as number);
      },
    },
  ],
  [
    difference,
    {
      doubles: (_, x, y, out, at, length, from, steps) => {
        const [i, j, di, dj] = places(from, steps);
        for (let n = 0; n < length; n++) out[at + n] = (x[i + n * di] as number) - (y[j + n * dj] as number);
      },
      singles: (_, x, y, out, at, length, from, steps) => {
        const [i, j, di, dj] = places(from, steps);
        for (let n = 0; n < length; n++) out[at + n] = (x[i + n * di] as number) - (y[j + n * dj] as number);
      },
    },
  ],
  [
    product,
    {
      doubles: (_, x, y, out, at, length, from, steps) => {
        const [i, j, di, dj] = places(from, steps);
        for (let n = 0; n < length; n++) out[at + n] = (x[i + n * di] as number) * (y[j + n * dj] as number);
      },
      singles: (_, x, y, out, at, length, from, steps) => {
        const [i, j, di, dj] = places(from, steps);
        for (let n = 0; n < length; n++) out[at + n] = (x[i + n * di] as number) * (y[j + n * dj] as number);
      },
    },
  ],
  [
    quotient,
    {
      doubles: (_, x, y, out, at, length, from, steps) => {
        const [i, j, di, dj] = places(from, steps);
        for (let n = 0; n < length; n++) out[at + n] = (x[i + n * di] as number) / (y[j + n * dj] as number);
      },
      singles: (_, x, y, out, at, length, from, steps) => {
        const [i, j, di, dj] = places(from, steps);
        for (let n = 0; n < length; n++) out[at + n] = (x[i + n * di] as number) / (y[j + n * dj] as number);
      },
    },
  ],
]);
