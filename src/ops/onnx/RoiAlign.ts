import { attr, floatOf, intOf, stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, type Type, tensorType } from '../../ir/model.ts';
import { column } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { floats } from './constraints.ts';
import { earlier } from './earlier.ts';
import { attributesBut, finish } from './expansion.ts';

const infer = (node: Node): readonly Type[] => {
  const { dtype, dims } = tensorInput(node, 0, floats);
  const rois = tensorInput(node, 1, [dtype]).dims;
  const batch = tensorInput(node, 2, ['int64']).dims;
  if (dims && dims.length !== 4) refused(node, `input 0 has rank ${dims.length}; it takes [N, C, H, W]`);
  if (rois && (rois.length !== 2 || (typeof rois[1] === 'number' && rois[1] !== 4))) {
    refused(node, 'regions are [x1, y1, x2, y2]');
  }
  if (batch && batch.length !== 1) refused(node, 'batch_indices is a vector');
  const [n, m] = [rois?.[0] ?? null, batch?.[0] ?? null];
  if (typeof n === 'number' && typeof m === 'number' && n !== m)
    refused(node, `${m} indices for ${n} regions`);
  return [tensorType(dtype, [typeof m === 'number' ? m : (n ?? m), dims?.[1] ?? null, ...pooledShape(node)])];
};

const pooledShape = (node: Node): readonly [number, number] => {
  const [h, w] = [intOf(node, 'output_height', 1), intOf(node, 'output_width', 1)];
  return h >= 1 && w >= 1 ? [h, w] : refused(node, `it cannot make planes of ${h} × ${w}`);
};

/**
 * For each region `[x1, y1, x2, y2]` of the image X `[N, C, H, W]` that batch_indices names: `[regions, C, height, width]`,
 * each bin the mean, or the maximum, of samples between the elements. ONNX Operators, RoiAlign. 10 did not shift the
 * regions by half a pixel; 16 brought the choice.
 *
 * The maximum is taken of the weighted neighbours of all samples, as the standard's cases have it.
 */
export const RoiAlign: readonly Operator[] = [
  {
    domain: '',
    name: 'RoiAlign',
    since: [16, 22],
    infer,
    evaluate: (inputs, node) => [align(node, inputs as readonly [Tensor, Tensor, Tensor])],
    express: (node, b, opsets) =>
      stringOf(node, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel'
        ? refuse('express/not-at-opset', 'before opset 16 regions were not shifted by half a pixel')
        : earlier(node, b, opsets, node.inputs, attributesBut(node, ['coordinate_transformation_mode'])),
    rows: (node) => (typeof dimsOf(node.inputs[0])?.[0] === 'number' ? 'each' : 'all'),
  },
  {
    domain: '',
    name: 'RoiAlign',
    since: [10],
    infer,
    expand: (node, b) =>
      finish(
        node,
        b,
        'RoiAlign',
        node.inputs,
        attributesBut(node, [], { coordinate_transformation_mode: attr.string('output_half_pixel') }),
      ),
  },
];

/** A sample's four neighbours, and the weight of each. */
type Sample = readonly (readonly [offset: number, weight: number])[];

const sampleAt = (y: number, x: number, height: number, width: number): Sample => {
  // More than one element outside: nothing is there.
  if (!(y >= -1 && y <= height && x >= -1 && x <= width)) return [[0, 0]];
  const near = (v: number, length: number): readonly [number, number, number] => {
    const held = Math.max(v, 0);
    const low = Math.floor(held);
    return low >= length - 1 ? [length - 1, length - 1, 0] : [low, low + 1, held - low];
  };
  const [top, bottom, ly] = near(y, height);
  const [left, right, lx] = near(x, width);
  return [
    [top * width + left, (1 - ly) * (1 - lx)],
    [top * width + right, (1 - ly) * lx],
    [bottom * width + left, ly * (1 - lx)],
    [bottom * width + right, ly * lx],
  ];
};

const align = (node: Node, [x, rois, batch]: readonly [Tensor, Tensor, Tensor]): Tensor => {
  const [n, channels, height, width] = x.dims as [number, number, number, number];
  const [ph, pw] = pooledShape(node);
  const count = rois.dims[0] as number;
  if (batch.dims[0] !== count) refused(node, `${batch.dims[0]} indices for ${count} regions`);
  const mode = stringOf(node, 'mode', 'avg');
  if (mode !== 'avg' && mode !== 'max') refused(node, `mode is ${mode}; it is avg or max`);
  const coordinates = stringOf(node, 'coordinate_transformation_mode', 'half_pixel');
  if (!['half_pixel', 'output_half_pixel'].includes(coordinates)) {
    refused(node, `coordinate_transformation_mode is ${coordinates}`);
  }
  const shifted = coordinates === 'half_pixel';
  const scale = floatOf(node, 'spatial_scale', 1);
  const ratio = intOf(node, 'sampling_ratio', 0);
  const round = rounder(x.dtype);
  const [xs, rs] = [x.data as Float64Array, rois.data as Float64Array];
  const out = column(x.dtype, count * channels * ph * pw) as Float64Array;
  for (let r = 0; r < count; r++) {
    const image = Number(batch.data[r]);
    if (!(image >= 0 && image < n)) refused(node, `batch_indices names ${image} of ${n} images`);
    const edge = (k: number): number => (rs[r * 4 + k] as number) * scale - (shifted ? 0.5 : 0);
    const extent = (from: number, to: number): number => (shifted ? to - from : Math.max(to - from, 1));
    const [binY, binX] = [extent(edge(1), edge(3)) / ph, extent(edge(0), edge(2)) / pw];
    const [ny, nx] = ratio > 0 ? [ratio, ratio] : [Math.ceil(binY), Math.ceil(binX)];
    if (!(ny * nx * ph * pw <= 2 ** 26)) refused(node, `a region of ${ny * nx} samples a bin is too large`);
    for (let p = 0; p < ph * pw; p++) {
      const [top, left] = [edge(1) + Math.floor(p / pw) * binY, edge(0) + (p % pw) * binX];
      const samples: Sample[] = [];
      for (let i = 0; i < ny; i++) {
        for (let j = 0; j < nx; j++) {
          samples.push(
            sampleAt(top + ((i + 0.5) * binY) / ny, left + ((j + 0.5) * binX) / nx, height, width),
          );
        }
      }
      for (let c = 0; c < channels; c++) {
        const from = (image * channels + c) * height * width;
        const parts = samples.flatMap((s) => s.map(([at, w]) => w * (xs[from + at] as number)));
        const pooled =
          mode === 'avg'
            ? parts.reduce((a, v) => a + v, 0) / Math.max(samples.length, 1)
            : parts.reduce((a, v) => Math.max(a, v), parts[0] ?? 0);
        out[(r * channels + c) * ph * pw + p] = round(pooled);
      }
    }
  }
  return tensor(x.dtype, [count, channels, ph, pw], out);
};
