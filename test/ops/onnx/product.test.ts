/** The kernels that are computed block by block give what the plain loops give, bit for bit. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Node } from '../../../src/ir/model.ts';
import { convolve } from '../../../src/ops/onnx/convolution.ts';
import { addProduct } from '../../../src/ops/onnx/product.ts';
import type { Matrix } from '../../../src/ops/onnx/tiling.ts';
import { tensor } from '../../../src/tensor/tensor.ts';

type Floats = Float32Array | Float64Array;

const arrays = { float32: Float32Array, float64: Float64Array };
const dtypes = ['float32', 'float64'] as const;

/** Numbers of very different sizes, so that every other order of summing shows; now and then something special. */
const numbers = (dtype: (typeof dtypes)[number], count: number, seed: number): Floats => {
  const specials = [0, -0, 1e30, 1e-30, -1e30, Infinity, Number.NaN];
  let state = seed >>> 0 || 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const out = new arrays[dtype](count);
  for (let i = 0; i < count; i++) {
    out[i] =
      random() < 0.001
        ? (specials[Math.floor(random() * specials.length)] as number)
        : (random() - 0.5) * 10 ** Math.floor(random() * 8 - 4);
  }
  return out;
};

/** One element after the other, in the order of k; each product and each sum rounded to the array's precision. */
const naive = (dtype: string, out: Matrix, a: Matrix, b: Matrix, size: readonly number[]): void => {
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;
  const [m = 0, k = 0, n = 0] = size;
  const [x, y, z] = [a.data as Floats, b.data as Floats, out.data as Floats];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = z[out.at + i * out.row + j] as number;
      for (let l = 0; l < k; l++) {
        const left = x[a.at + i * a.row + l * a.column] as number;
        sum = round(sum + round(left * (y[b.at + l * b.row + j * b.column] as number)));
      }
      z[out.at + i * out.row + j] = sum;
    }
  }
};

/** The first element that is not the same to the bit; NaN is NaN. */
const differs = (got: Floats, wanted: Floats): string | undefined => {
  const at = wanted.findIndex((v, i) => !Object.is(v, got[i]));
  return at < 0 ? undefined : `element ${at} is ${got[at]}, not ${wanted[at]}`;
};

const compare = (
  dtype: (typeof dtypes)[number],
  size: readonly [number, number, number],
  turned: number,
  seed: number,
) => {
  const [m, k, n] = size;
  const [left, right] = [numbers(dtype, m * k + 3, seed), numbers(dtype, k * n + 5, seed + 1)];
  const a = turned & 1 ? { data: left, at: 3, row: 1, column: m } : { data: left, at: 3, row: k, column: 1 };
  const b =
    turned & 2 ? { data: right, at: 5, row: 1, column: k } : { data: right, at: 5, row: n, column: 1 };
  // Rows of the result lie further apart than they are long: what is between them stays.
  const start = numbers(dtype, 7 + m * (n + 2), seed + 2);
  const [got, wanted] = [start.slice(), start.slice()];
  addProduct({ data: got, at: 7, row: n + 2, column: 1 }, a, b, size);
  naive(dtype, { data: wanted, at: 7, row: n + 2, column: 1 }, a, b, size);
  return differs(got, wanted);
};

describe.each(dtypes)('products in %s', (dtype) => {
  test('of any size', () => {
    const extent = fc.integer({ min: 0, max: 70 });
    fc.assert(
      fc.property(extent, extent, extent, fc.nat(3), fc.nat(), (m, k, n, turned, seed) => {
        expect(compare(dtype, [m, k, n], turned, seed)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  // Blocks end at 128 rows, 512 steps and 256 columns.
  test.each([
    [128, 512, 8],
    [129, 513, 9],
    [129, 8, 257],
    [5, 513, 257],
  ])('beyond one block: %i × %i × %i', (m, k, n) => {
    for (const turned of [0, 3]) expect(compare(dtype, [m, k, n], turned, m + turned)).toBeUndefined();
  });
});

const node = (attributes: Readonly<Record<string, number | readonly number[]>>): Node => ({
  op: { domain: '', name: 'Conv', since: 22 },
  name: '',
  inputs: [],
  outputs: [],
  attributes: new Map(
    Object.entries(attributes).map(([k, v]) => [k, typeof v === 'number' ? attr.int(v) : attr.ints(v)]),
  ),
  from: [],
});

describe.each(dtypes)('convolutions in %s', (dtype) => {
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;

  test('are sums over channels, then taps, padding included, and the bias last', () => {
    const small = fc.integer({ min: 1, max: 3 });
    const property = fc.property(
      fc.record({
        groups: fc.integer({ min: 1, max: 2 }),
        perGroup: small,
        perOut: fc.integer({ min: 1, max: 9 }),
        kernel: fc.tuple(small, small),
        strides: fc.tuple(small, small),
        dilations: fc.tuple(small, small),
        pads: fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
        size: fc.tuple(fc.integer({ min: 7, max: 40 }), fc.integer({ min: 7, max: 40 })),
        seed: fc.nat(),
      }),
      ({ groups, perGroup, perOut, kernel, strides, dilations, pads, size: [height, width], seed }) => {
        const [channels, m] = [groups * perGroup, groups * perOut];
        const [kh, kw] = kernel;
        const x = tensor(
          dtype,
          [1, channels, height, width],
          numbers(dtype, channels * height * width, seed),
        );
        const w = tensor(dtype, [m, perGroup, kh, kw], numbers(dtype, m * perGroup * kh * kw, seed + 1));
        const bias = tensor(dtype, [m], numbers(dtype, m, seed + 2));
        const got = convolve(node({ group: groups, strides, dilations, pads }), x, w, bias);
        const [oh = 0, ow = 0] = got.dims.slice(2);
        const wanted = new arrays[dtype](m * oh * ow);
        const [xs, ws, bs] = [x.data, w.data, bias.data] as readonly Floats[];
        for (let o = 0; o < wanted.length; o++) {
          const [k, i, j] = [Math.floor(o / (oh * ow)), Math.floor(o / ow) % oh, o % ow];
          let sum = 0;
          for (let t = 0; t < perGroup * kh * kw; t++) {
            const [c, a, b] = [Math.floor(t / (kh * kw)), Math.floor(t / kw) % kh, t % kw];
            const p = i * strides[0] + a * dilations[0] - (pads[0] as number);
            const q = j * strides[1] + b * dilations[1] - (pads[1] as number);
            const inside = p >= 0 && p < height && q >= 0 && q < width;
            const plane = Math.floor(k / perOut) * perGroup + c;
            const value = inside ? (xs?.[(plane * height + p) * width + q] as number) : 0;
            sum = round(sum + round((ws?.[k * perGroup * kh * kw + t] as number) * value));
          }
          wanted[o] = round(sum + (bs?.[k] as number));
        }
        expect(differs(got.data as Floats, wanted)).toBeUndefined();
      },
    );
    fc.assert(property, { numRuns: 60 });
  });
});
