/** What MaxPool, AveragePool and the global pools share: an input `[N, C, D…]`, pooled plane by plane. */

import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, type TensorType, tensorType, type Value } from '../../ir/model.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { number, vector } from './expansion.ts';
import { reshaped, whole } from './spelling.ts';
import { type Layout, layoutOf, outputDims, windowOf } from './window.ts';

export const pooledType = (node: Node, dtypes: readonly DType[]): TensorType => {
  const { dtype, dims } = tensorInput(node, 0, dtypes);
  if (dims === null) return tensorType(dtype, null);
  const spatial = spatialOf(node, dims);
  const pooled = outputDims(node, windowOf(node, spatial.length), spatial);
  return tensorType(dtype, [dims[0] ?? null, dims[1] ?? null, ...pooled]);
};

/** The spatial axes collapsed to 1 each. */
export const globallyPooledType = (node: Node, dtypes: readonly DType[]): TensorType => {
  const { dtype, dims } = tensorInput(node, 0, dtypes);
  return tensorType(dtype, dims && [...dims.slice(0, 2), ...spatialOf(node, dims).map(() => 1)]);
};

const spatialOf = <D extends Dim>(node: Node, dims: readonly D[]): readonly D[] =>
  dims.length < 3
    ? refused(node, `the input has rank ${dims.length}; it takes [N, C, D1, …]`)
    : dims.slice(2);

/** One plane: its elements begin at `from` in the data, the results go to `to` in the output. */
export type Plane = (
  data: ArrayLike<number>,
  from: number,
  out: number[],
  to: number,
  layout: Layout,
) => void;

/** Pools every plane of X by its window. */
export const pool = (node: Node, x: Tensor, plane: Plane): Tensor => {
  const spatial = spatialOf(node, x.dims);
  const layout = layoutOf(node, windowOf(node, spatial.length), spatial);
  const planes = (x.dims[0] as number) * (x.dims[1] as number);
  const [size, results] = [countOf(spatial), countOf(layout.dims)];
  const out = column(x.dtype, planes * results);
  for (let p = 0; p < planes; p++) {
    plane(x.data as Float64Array, p * size, out as unknown as number[], p * results, layout);
  }
  return tensor(x.dtype, [...x.dims.slice(0, 2), ...layout.dims], out);
};

/** Pools every plane of X to one element: `f` of the elements from `from` on, `size` of them. */
export const poolAll = (
  node: Node,
  x: Tensor,
  f: (data: ArrayLike<number>, from: number, size: number) => number,
): Tensor => {
  const spatial = spatialOf(node, x.dims);
  const size = countOf(spatial);
  const planes = (x.dims[0] as number) * (x.dims[1] as number);
  const out = column(x.dtype, planes) as unknown as number[];
  for (let p = 0; p < planes; p++) out[p] = f(x.data as Float64Array, p * size, size);
  return tensor(x.dtype, [...x.dims.slice(0, 2), ...spatial.map(() => 1)], out as unknown as Tensor['data']);
};

/**
 * Every window of `x` on an axis of its own, `[N, C, windows, taps]`, `filler` standing for padding; and where in the plane each
 * tap is (the size of the plane: padding), the plane being known.
 */
export const windowed = (
  node: Node,
  b: Builder,
  x: Value,
  filler: number,
): { readonly windows: Value; readonly places: Int32Array; readonly layout: Layout } | Refusal => {
  const spatial = dimsOf(x)?.slice(2);
  if (!spatial?.every((d): d is number => typeof d === 'number')) {
    return refuse('express/extent', `at this opset the plane of '${x.name}' must be known`);
  }
  const layout = layoutOf(node, windowOf(node, spatial.length), spatial);
  const size = countOf(spatial);
  const at = new Int32Array(layout.padded).fill(size);
  layout.place.forEach((p, i) => {
    at[p] = i;
  });
  const taps = layout.taps.length;
  const places = Int32Array.from(
    { length: layout.base.length * taps },
    (_, i) => at[(layout.base[Math.floor(i / taps)] as number) + (layout.taps[i % taps] as number)] as number,
  );
  const flat = reshaped(b, x, [0, 0, -1]);
  const { dtype } = x.type as TensorType;
  const padded = b.op('Pad', [flat, vector(b, [0, 0, 0, 0, 0, 1]), number(b, dtype, filler)]);
  const index = whole(b, places, [layout.base.length, taps]);
  return { windows: b.op('Gather', [padded, index], { axis: attr.int(2) }), places, layout };
};
