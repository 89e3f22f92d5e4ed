/** What the convolutions share: shapes, groups, and the sum itself. ONNX Operators, Conv. */
import { intOf } from '../../ir/attributes.ts';
import type { Dim, Node } from '../../ir/model.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import type { Dims } from './axes.ts';
import { addProduct } from './product.ts';
import { type Layout, layoutOf, outputDims, windowOf } from './window.ts';

/** The extents of X `[N, C, D…]` convolved with W `[M, C / group, k…]`: `[N, M, …]`. */
export const inferConvolution = (node: Node, dims: Dims, weights: Dims): Dims => {
  if (dims === null) return null;
  const [n, channels] = checkRank(node, dims);
  const spatial = dims.slice(2);
  if (weights === null) return [n, null, ...spatial.map(() => null)];
  if (weights.length !== dims.length)
    refused(node, `weights of rank ${weights.length} do not fit rank ${dims.length}`);
  checkWeights(node, channels, weights);
  const kernel = weights.slice(2);
  const window = kernel.every((k) => typeof k === 'number')
    ? outputDims(node, windowOf(node, spatial.length, kernel as number[]), spatial)
    : spatial.map(() => null);
  return [n, weights[0] ?? null, ...window];
};

const checkRank = (node: Node, dims: readonly Dim[]): readonly [Dim, Dim] =>
  dims.length < 3
    ? refused(node, `input 0 has rank ${dims.length}; it takes [N, C, D1, …]`)
    : [dims[0] ?? null, dims[1] ?? null];

/** W is [M, C / group, k…], and M a multiple of group. */
export const checkWeights = (node: Node, channels: Dim, shape: readonly Dim[]): void => {
  const group = intOf(node, 'group', 1);
  const [m, perGroup] = shape;
  const wrong =
    group < 1 ||
    (typeof channels === 'number' && typeof perGroup === 'number' && channels !== perGroup * group) ||
    (typeof m === 'number' && m % group !== 0);
  if (wrong)
    refused(
      node,
      `weights [${shape.map((d) => d ?? '?')}] do not fit ${channels} channels in ${group} groups`,
    );
};

/** Windows unrolled at once: their columns stay in the cache. */
const block = 1024;

/**
 * Each element is summed from 0 over channels, then taps, in single precision (double for float64); the bias comes last.
 * Windows become columns of a matrix, so that the sums are a product of matrices.
 */
export const convolve = (node: Node, x: Tensor, w: Tensor, bias: Tensor | null): Tensor => {
  const [n, channels] = checkRank(node, x.dims) as readonly [number, number];
  checkWeights(node, channels, w.dims);
  const [m, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  const spatial = x.dims.slice(2);
  const layout = layoutOf(node, windowOf(node, spatial.length, kernel), spatial);
  const { dims, padded, place, taps } = layout;
  if (countOf(kernel) !== taps.length) refused(node, `kernel_shape differs from the weights [${w.dims}]`);
  if (bias && countOf(bias.dims) !== m)
    refused(node, `there are ${countOf(bias.dims)} biases for ${m} outputs`);
  const [step, round] = [stepRounder(x.dtype), rounder(x.dtype)];
  const size = countOf(dims);
  const make = (count: number): Floats =>
    x.dtype === 'float64' ? new Float64Array(count) : new Float32Array(count);
  const out = make(n * m * size);
  const planes = make(channels * padded);
  const depth = perGroup * taps.length;
  const columns = make(depth * Math.min(size, block));
  const groups = channels / perGroup;
  const perOut = m / groups;
  const xs = x.data as Floats;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < channels; c++) {
      const from = (i * channels + c) * place.length;
      for (let p = 0; p < place.length; p++)
        planes[c * padded + (place[p] as number)] = xs[from + p] as number;
    }
    for (let g = 0; g < groups; g++) {
      for (let first = 0; first < size; first += block) {
        const count = Math.min(block, size - first);
        unroll(columns, planes, g * perGroup * padded, layout, perGroup, first, count);
        addProduct(
          { data: out, at: (i * m + g * perOut) * size + first, row: size, column: 1 },
          { data: w.data, at: g * perOut * depth, row: depth, column: 1 },
          { data: columns, at: 0, row: count, column: 1 },
          [perOut, depth, count],
        );
      }
    }
  }
  if (!bias && x.dtype === 'float32') return tensor(x.dtype, [n, m, ...dims], out);
  for (let k = 0; k < n * m; k++) {
    const b = bias ? (bias.data[k % m] as number) : 0;
    for (let o = k * size; o < (k + 1) * size; o++) out[o] = round(step((out[o] as number) + b));
  }
  return tensor(x.dtype, [n, m, ...dims], out);
};

type Floats = Float32Array | Float64Array;

/** Column o holds what window `first + o` covers: channel by channel, tap by tap. */
const unroll = (
  columns: Floats,
  planes: Floats,
  from: number,
  { base, taps, padded }: Layout,
  channels: number,
  first: number,
  count: number,
): void => {
  let row = 0;
  for (let c = 0; c < channels; c++) {
    for (let t = 0; t < taps.length; t++, row += count) {
      const at = from + c * padded + (taps[t] as number);
      for (let o = 0; o < count; o++) columns[row + o] = planes[at + (base[first + o] as number)] as number;
    }
  }
};
