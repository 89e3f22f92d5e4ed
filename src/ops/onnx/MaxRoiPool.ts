import { floatOf, intsOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { column } from '../../tensor/dtype.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { floats } from './constraints.ts';

/**
 * For each region `[image, x1, y1, x2, y2]` of X `[N, C, H, W]`: `[regions, C, height, width]`, the greatest element of each
 * bin. ONNX Operators, MaxRoiPool. The text leaves the rounding open; as in Fast R-CNN (Girshick 2015) corners are rounded
 * to elements, both ends belong to the region, bins overlap where they do not divide it, and an empty bin is 0.
 */
export const MaxRoiPool: Operator = {
  domain: '',
  name: 'MaxRoiPool',
  since: [1, 22],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    const rois = tensorInput(node, 1, [dtype]).dims;
    if (dims && dims.length !== 4) refused(node, `input 0 has rank ${dims.length}; it takes [N, C, H, W]`);
    if (rois && (rois.length !== 2 || (typeof rois[1] === 'number' && rois[1] !== 5))) {
      refused(node, 'regions are [image, x1, y1, x2, y2]');
    }
    return [tensorType(dtype, [rois?.[0] ?? null, dims?.[1] ?? null, ...pooledShape(node)])];
  },
  evaluate: ([x, rois], node) => [pool(node, x as Tensor, rois as Tensor)],
  rows: (node) => (typeof dimsOf(node.inputs[0])?.[0] === 'number' ? 'each' : 'all'),
};

const pooledShape = (node: Node): readonly [number, number] => {
  const shape = intsOf(node, 'pooled_shape') ?? refused(node, 'pooled_shape is missing');
  return shape.length === 2 && shape.every((d) => d >= 1)
    ? (shape as [number, number])
    : refused(node, `pooled_shape is [${shape}]; it takes height and width`);
};

/** Halves away from zero. */
const nearest = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

const pool = (node: Node, x: Tensor, rois: Tensor): Tensor => {
  const [n, channels, height, width] = x.dims as [number, number, number, number];
  const [ph, pw] = pooledShape(node);
  const scale = floatOf(node, 'spatial_scale', 1);
  const [xs, rs] = [x.data as Float64Array, rois.data as Float64Array];
  const count = rois.dims[0] as number;
  const out = column(x.dtype, count * channels * ph * pw) as Float64Array;
  for (let r = 0; r < count; r++) {
    const image = rs[r * 5] as number;
    if (!(Number.isInteger(image) && image >= 0 && image < n))
      refused(node, `region ${r} is of image ${image} of ${n}`);
    const corner = (k: number): number => nearest((rs[r * 5 + k] as number) * scale);
    /** The elements of bin `p` of `bins` between two corners, within the image. */
    const span = (low: number, high: number, p: number, bins: number, length: number): [number, number] => {
      const size = Math.max(high - low + 1, 1) / bins;
      const held = (v: number): number => Math.min(Math.max(v + low, 0), length);
      return [held(Math.floor(p * size)), held(Math.ceil((p + 1) * size))];
    };
    for (let p = 0; p < ph * pw; p++) {
      const [top, bottom] = span(corner(2), corner(4), Math.floor(p / pw), ph, height);
      const [left, right] = span(corner(1), corner(3), p % pw, pw, width);
      for (let c = 0; c < channels; c++) {
        const from = (image * channels + c) * height * width;
        let best = -Infinity;
        for (let i = top; i < bottom; i++) {
          for (let j = left; j < right; j++) best = Math.max(best, xs[from + i * width + j] as number);
        }
        out[(r * channels + c) * ph * pw + p] = top < bottom && left < right ? best : 0;
      }
    }
  }
  return tensor(x.dtype, [count, channels, ph, pw], out);
};
