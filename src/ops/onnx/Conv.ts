import { intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType } from '../../ir/model.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { floats } from './constraints.ts';
import { layoutOf, outputDims, windowOf } from './window.ts';

/**
 * X `[N, C, D…]` with W `[M, C / group, k…]` and B `[M]`: `[N, M, …]`. ONNX Operators, Conv. Each element is summed from
 * 0 over channels, then taps, in single precision (double for float64); the bias comes last.
 */
export const Conv: Operator = {
  domain: '',
  name: 'Conv',
  since: [1, 11, 22],
  infer: (node) => {
    const x = tensorInput(node, 0, floats);
    const w = tensorInput(node, 1, [x.dtype]);
    if (node.inputs[2]) tensorInput(node, 2, [x.dtype]);
    const { dims } = x;
    if (dims === null) return [tensorType(x.dtype, null)];
    const [n, channels] = checkRank(node, dims);
    const spatial = dims.slice(2);
    const shape = w.dims;
    if (shape === null) return [tensorType(x.dtype, [n, null, ...spatial.map(() => null)])];
    checkWeights(node, channels, shape);
    const kernel = shape.slice(2);
    const window = kernel.every((k) => typeof k === 'number')
      ? outputDims(node, windowOf(node, spatial.length, kernel as number[]), spatial)
      : spatial.map(() => null);
    return [tensorType(x.dtype, [n, shape[0] ?? null, ...window])];
  },
  evaluate: ([x, w, bias], node) => [convolve(node, x as Tensor, w as Tensor, bias ?? null)],
  lower: () => refuse('onnx/no-row-form', 'convolutions have no form in the row language'),
  rows: () => 'each',
};

const checkRank = (node: Node, dims: readonly Dim[]): readonly [Dim, Dim] =>
  dims.length < 3
    ? refused(node, `input 0 has rank ${dims.length}; it takes [N, C, D1, …]`)
    : [dims[0] ?? null, dims[1] ?? null];

/** W is [M, C / group, k…], and M a multiple of group. */
const checkWeights = (node: Node, channels: Dim, shape: readonly Dim[]): void => {
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

const convolve = (node: Node, x: Tensor, w: Tensor, bias: Tensor | null): Tensor => {
  const [n, channels] = checkRank(node, x.dims) as readonly [number, number];
  checkWeights(node, channels, w.dims);
  const [m, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  const spatial = x.dims.slice(2);
  const { dims, padded, place, base, taps } = layoutOf(node, windowOf(node, spatial.length, kernel), spatial);
  if (countOf(kernel) !== taps.length) refused(node, `kernel_shape differs from the weights [${w.dims}]`);
  if (bias && countOf(bias.dims) !== m)
    refused(node, `there are ${countOf(bias.dims)} biases for ${m} outputs`);
  const [step, round] = [stepRounder(x.dtype), rounder(x.dtype)];
  const [xs, ws, bs] = [
    x.data as Float64Array,
    w.data as Float64Array,
    bias?.data as Float64Array | undefined,
  ];
  const size = countOf(dims);
  const plane = place.length;
  const single = x.dtype !== 'float64';
  const make = (count: number) => (single ? new Float32Array(count) : new Float64Array(count));
  const out = make(n * m * size);
  const planes = make(channels * padded);
  const sums = make(size);
  const perOut = m / (channels / perGroup);
  const addTap = single ? addSingle : addDouble;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < channels; c++) {
      const from = (i * channels + c) * plane;
      for (let p = 0; p < plane; p++) planes[c * padded + (place[p] as number)] = xs[from + p] as number;
    }
    for (let k = 0; k < m; k++) {
      sums.fill(0);
      const first = Math.floor(k / perOut) * perGroup;
      for (let c = 0; c < perGroup; c++) {
        for (let t = 0; t < taps.length; t++) {
          const weight = ws[(k * perGroup + c) * taps.length + t] as number;
          addTap(sums, planes, (first + c) * padded + (taps[t] as number), base, weight);
        }
      }
      const to = (i * m + k) * size;
      const b = bs ? (bs[k] as number) : 0;
      for (let o = 0; o < size; o++) out[to + o] = round(step((sums[o] as number) + b));
    }
  }
  return tensor(x.dtype, [n, m, ...dims], out);
};

type Floats = Float32Array | Float64Array;

/** Adds one tap of the kernel to the sums of all windows, the product rounded to single precision, the sum by the array. */
const addSingle = (sums: Floats, planes: Floats, from: number, base: Int32Array, weight: number): void => {
  for (let o = 0; o < base.length; o++) {
    const product = Math.fround(weight * (planes[from + (base[o] as number)] as number));
    sums[o] = (sums[o] as number) + product;
  }
};

const addDouble = (sums: Floats, planes: Floats, from: number, base: Int32Array, weight: number): void => {
  for (let o = 0; o < base.length; o++) {
    sums[o] = (sums[o] as number) + weight * (planes[from + (base[o] as number)] as number);
  }
};
