/** Where along one axis Resize takes its samples, and how it weighs them. ONNX Operators, Resize. */
import type { Node } from '../../ir/model.ts';
import { refused } from '../operator.ts';

export interface Sampling {
  readonly mode: string;
  readonly coordinates: string;
  /** nearest_mode, or `simple`: ceil where the axis shrinks, else floor. */
  readonly nearest: string;
  /** The coefficient of cubic interpolation (Keys 1981). */
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

export interface AxisExtent {
  readonly length: number;
  readonly size: number;
  readonly scale: number;
  /** Region of interest, in [0, 1]. */
  readonly range: readonly [start: number, end: number];
}

/** For each element of the result the elements it is made of and their weights; none where it lies outside. */
export const samplesAlong = (
  node: Node,
  s: Sampling,
  extent: AxisExtent,
): readonly (readonly [Int32Array, Float64Array])[] => {
  const { length, size, scale } = extent;
  if (length < 1 && size > 0) refused(node, 'an axis without elements cannot be made longer');
  const weigh = weights(node, s, scale);
  return Array.from({ length: size }, (_, i) => {
    const x = original(node, s.coordinates, i, extent);
    if (s.coordinates === 'tf_crop_and_resize' && (x < 0 || x > length - 1)) {
      return [new Int32Array(0), new Float64Array(0)];
    }
    const taps = weigh(x);
    const inside = taps.map(([at, w]) => (s.excludeOutside && (at < 0 || at >= length) ? 0 : w));
    const sum = s.excludeOutside ? inside.reduce((a, w) => a + w, 0) : 1;
    return [
      Int32Array.from(taps, ([at]) => Math.min(Math.max(at, 0), length - 1)),
      Float64Array.from(inside, (w) => w / sum),
    ];
  });
};

/** The place in X that element `i` of the result stands for: coordinate_transformation_mode. */
const original = (
  node: Node,
  mode: string,
  i: number,
  { length, size, scale, range }: AxisExtent,
): number => {
  const width = scale * length;
  switch (mode) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return width > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'half_pixel_symmetric':
      return (length / 2) * (1 - size / width) + (i + 0.5) / scale - 0.5;
    case 'align_corners':
      return width === 1 ? 0 : (i * (length - 1)) / (width - 1);
    case 'asymmetric':
      return i / scale;
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale;
    case 'tf_crop_and_resize': {
      const [start, end] = range;
      return size > 1
        ? start * (length - 1) + (i * (end - start) * (length - 1)) / (size - 1)
        : 0.5 * (start + end) * (length - 1);
    }
    default:
      return refused(node, `coordinate_transformation_mode is ${mode}`);
  }
};

type Taps = readonly (readonly [at: number, weight: number])[];

const weights = (node: Node, s: Sampling, scale: number): ((x: number) => Taps) => {
  if (s.mode === 'nearest') {
    const name = s.nearest === 'simple' ? (scale < 1 ? 'ceil' : 'floor') : s.nearest;
    const round = roundings[name] ?? refused(node, `nearest_mode is ${s.nearest}`);
    return (x) => [[round(x), 1]];
  }
  const [kernel, radius] = s.mode === 'linear' ? ([triangle, 1] as const) : [cubic(s.cubic), 2];
  if (s.mode !== 'linear' && s.mode !== 'cubic') refused(node, `mode is ${s.mode}`);
  // Antialiasing widens the filter by what is scaled down, so that every element counts.
  const narrow = s.antialias ? Math.min(scale, 1) : 1;
  return (x) => {
    const first = Math.floor(x - radius / narrow) + 1;
    const last = Math.ceil(x + radius / narrow) - 1;
    const taps: [number, number][] = [];
    for (let at = first; at <= last; at++) taps.push([at, kernel(Math.abs(at - x) * narrow)]);
    if (narrow === 1) return taps;
    const sum = taps.reduce((a, [, w]) => a + w, 0);
    return taps.map(([at, w]) => [at, w / sum]);
  };
};

const roundings: Readonly<Record<string, (x: number) => number>> = Object.assign(Object.create(null), {
  round_prefer_floor: (x: number) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x: number) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
});

const triangle = (d: number): number => Math.max(0, 1 - d);

export const cubic =
  (a: number) =>
  (d: number): number => {
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
  };
