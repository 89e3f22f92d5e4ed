import { intOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { column } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, strides, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { dimsOf, rowsAreSamples } from './axes.ts';
import { floats } from './constraints.ts';
import { checkWeights, inferConvolution } from './convolution.ts';
import { blend, linearTaps } from './interpolation.ts';
import { grid, layoutOf, windowOf } from './window.ts';

/**
 * Conv whose taps are moved by `offset` `[N, offset_group · k… · r, out…]`, between elements too (linear, 0 outside), and
 * weighed by `mask` `[N, offset_group · k…, out…]`. ONNX Operators, DeformConv. Summed like Conv.
 */
export const DeformConv: Operator = {
  domain: '',
  name: 'DeformConv',
  since: [19, 22],
  infer: (node) => {
    const { dtype } = tensorInput(node, 0, floats);
    for (const [i, v] of node.inputs.entries()) if (v) tensorInput(node, i, [dtype]);
    const dims = inferConvolution(node, dimsOf(node.inputs[0]), dimsOf(node.inputs[1]));
    const offset = dimsOf(node.inputs[2]);
    // The offsets know the extents of the result as well.
    return [
      tensorType(dtype, dims?.map((d, i) => (d === null && i > 1 ? (offset?.[i] ?? null) : d)) ?? null),
    ];
  },
  evaluate: (inputs, node) => [deform(node, inputs)],
  rows: (node) => rowsAreSamples(node, [1, 3]),
};

const deform = (node: Node, inputs: readonly (Tensor | null)[]): Tensor => {
  const [x, w, offset, bias, mask] = inputs as readonly [Tensor, Tensor, Tensor, Tensor?, Tensor?];
  const [n, channels, ...spatial] = x.dims as [number, number, ...number[]];
  const [m, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  checkWeights(node, channels, w.dims);
  const rank = spatial.length;
  const window = windowOf(node, rank, kernel);
  const { dims } = layoutOf(node, window, spatial);
  const groups = intOf(node, 'offset_group', 1);
  const taps = countOf(kernel);
  const size = countOf(dims);
  if (!(groups >= 1) || channels % groups !== 0)
    refused(node, `offset_group is ${groups} of ${channels} channels`);
  const expect = (i: number, t: Tensor | null | undefined, wanted: readonly number[]) => {
    if (t && t.dims.join() !== wanted.join())
      refused(node, `input ${i} is [${t.dims}]; it takes [${wanted}]`);
  };
  expect(2, offset, [n, groups * taps * rank, ...dims]);
  expect(3, bias, [m]);
  expect(4, mask, [n, groups * taps, ...dims]);
  const [step, round] = [stepRounder(x.dtype), rounder(x.dtype)];
  const [xs, ws, os] = [x.data as Float64Array, w.data as Float64Array, offset.data as Float64Array];
  const ms = mask?.data as Float64Array | undefined;
  const out = column(x.dtype, n * m * size) as Float64Array;
  const plane = countOf(spatial);
  const steps = strides(spatial);
  const axis = (i: number) => window.axes[i] as (typeof window.axes)[number];
  // Where each window begins and each tap stands, axis by axis.
  const begins = spatial.map((_, i) =>
    grid(
      dims,
      dims.map((_, k) => (k === i ? axis(i).stride : 0)),
      -(axis(i).pads?.[0] ?? 0),
    ),
  );
  const stands = spatial.map((_, i) =>
    grid(
      kernel,
      kernel.map((_, k) => (k === i ? axis(i).dilation : 0)),
    ),
  );
  const sampled = new Float64Array(channels * taps);
  const perOut = m / (channels / perGroup);
  for (let s = 0; s < n; s++) {
    for (let o = 0; o < size; o++) {
      for (let c = 0; c < channels; c++) {
        const group = Math.floor((c * groups) / channels);
        for (let t = 0; t < taps; t++) {
          const tap = (s * groups + group) * taps + t;
          const at = spatial.map((length, i) => {
            const moved = os[(tap * rank + i) * size + o] as number;
            return linearTaps((begins[i]?.[o] as number) + (stands[i]?.[t] as number) + moved, length);
          });
          const from = (s * channels + c) * plane;
          const value = blend((p) => xs[from + p] as number, at, steps);
          sampled[c * taps + t] = step(value * (ms ? (ms[tap * size + o] as number) : 1));
        }
      }
      for (let k = 0; k < m; k++) {
        const first = Math.floor(k / perOut) * perGroup * taps;
        let sum = 0;
        for (let i = 0; i < perGroup * taps; i++) {
          sum = step(sum + step((ws[k * perGroup * taps + i] as number) * (sampled[first + i] as number)));
        }
        out[(s * m + k) * size + o] = round(step(sum + (bias ? (bias.data[k] as number) : 0)));
      }
    }
  }
  return tensor(x.dtype, [n, m, ...dims], out);
};
