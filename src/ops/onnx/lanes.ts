/**
 * The inner loop of products of matrices in WebAssembly's 128-bit lanes. A lane is one element of the result: it is summed
 * in the order of k, each product and each sum rounded to the lane's format, which is what the plain loop does.
 */

/** Rows and vectors of the result that one call sums, all of them in registers. */
const rows = 4;
const vectors = 2;

interface Format {
  /** Bytes of an element. */
  readonly size: 4 | 8;
  readonly loadSplat: number;
  readonly add: number;
  readonly multiply: number;
}

/** WebAssembly 2.0, Binary Format, Vector Instructions. */
const formats = {
  float32: { size: 4, loadSplat: 9, add: 228, multiply: 230 },
  float64: { size: 8, loadSplat: 10, add: 240, multiply: 242 },
} as const satisfies Record<string, Format>;

const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes];
const section = (id: number, bytes: readonly number[]): number[] => [id, ...sized(bytes)];
const name = (text: string): number[] => sized([...new TextEncoder().encode(text)]);

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const vector = (op: number): number[] => [0xfd, ...leb(op)];
const at = (offset: number): number[] => [2, ...leb(offset)];
const advance = (local: number, by: number): number[] => [
  ...get(local),
  0x41,
  ...signed(by),
  0x6a,
  ...set(local),
];
/** A small signed number, as i32.const has it. */
const signed = (n: number): number[] =>
  n >= -64 && n < 64 ? [n & 127] : [(n & 127) | 128, ...signed(n >> 7)];

const i32 = 0x7f;
const v128 = 0x7b;

/**
 * A module with the function tile(a, b, c, k): adds to the tile at c the product of the k columns at a, `rows` elements
 * each, with the k rows at b, `vectors` each.
 */
const moduleOf = ({ size, loadSplat, add, multiply }: Format): Uint8Array<ArrayBuffer> => {
  const [a, b, c, k] = [0, 1, 2, 3];
  const tile = Array.from({ length: rows * vectors }, (_, i) => ({
    local: 4 + i,
    offset: 16 * i,
    row: i >> 1,
    of: i & 1,
  }));
  const right = Array.from({ length: vectors }, (_, i) => ({ local: 4 + tile.length + i, offset: 16 * i }));
  const left = 4 + tile.length + vectors;
  const body = [
    ...[1, tile.length + vectors + 1, v128],
    ...tile.flatMap((t) => [...get(c), ...vector(0), ...at(t.offset), ...set(t.local)]),
    ...[0x03, 0x40],
    ...right.flatMap((v) => [...get(b), ...vector(0), ...at(v.offset), ...set(v.local)]),
    ...Array.from({ length: rows }, (_, row) => [
      ...[...get(a), ...vector(loadSplat), ...at(row * size), ...set(left)],
      ...tile
        .filter((t) => t.row === row)
        .flatMap((t) => [
          ...get(t.local),
          ...get(left),
          ...get(4 + tile.length + t.of),
          ...vector(multiply),
          ...vector(add),
          ...set(t.local),
        ]),
    ]).flat(),
    ...advance(a, rows * size),
    ...advance(b, vectors * 16),
    ...advance(k, -1),
    ...[...get(k), 0x0d, 0, 0x0b],
    ...tile.flatMap((t) => [...get(c), ...get(t.local), ...vector(11), ...at(t.offset)]),
    0x0b,
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...sized([i32, i32, i32, i32]), 0]),
    ...section(2, [1, ...name('js'), ...name('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('tile'), 0, 0]),
    ...section(10, [1, ...sized(body)]),
  ]);
};

type Floats = Float32Array | Float64Array;

/** What is used of the global; TypeScript has its types among those of browsers alone. */
declare const WebAssembly: {
  readonly Memory: new (of: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, object>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
};

export interface Lanes {
  /** Rows and columns of the result that a call sums. */
  readonly rows: number;
  readonly columns: number;
  /** The memory's elements: the left side packed from 0, then the right, then the tile. */
  readonly memory: Floats;
  /** Where in `memory` the right side may begin, and the tile. */
  readonly right: number;
  readonly tile: number;
  /** Adds to the tile the product of `k` packed columns and rows that begin at these elements. */
  run(left: number, right: number, k: number): void;
}

/** The largest block: so many of its parts stay in the caches. */
export const largest = { rows: 128, depth: 512, columns: 256 };

const made = new Map<keyof typeof formats, Lanes>();

export const lanes = (dtype: keyof typeof formats): Lanes => {
  const known = made.get(dtype);
  if (known) return known;
  const format = formats[dtype];
  const { size } = format;
  const columns = (vectors * 16) / size;
  const right = largest.rows * largest.depth;
  const tile = right + largest.columns * largest.depth;
  const pages = Math.ceil(((tile + rows * columns) * size) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(format)), { js: { memory } });
  const call = exports.tile as (a: number, b: number, c: number, k: number) => void;
  const created: Lanes = {
    rows,
    columns,
    memory: dtype === 'float32' ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer),
    right,
    tile,
    run: (l, r, k) => call(l * size, r * size, tile * size, k),
  };
  made.set(dtype, created);
  return created;
};
