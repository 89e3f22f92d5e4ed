/** Resize said in arithmetic, for what an older version of it does not know: samples along one axis after the other. */
import { attr, stringOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { isRefusal, type Refusal, refuse } from '../../ir/diagnostic.ts';
import type { Node, Value } from '../../ir/model.ts';
import { tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { cast, type Said } from './earlier.ts';
import { number, vector } from './expansion.ts';
import type { Sampling } from './sampling.ts';
import { extents, reshaped, type Spelling, spelling, whole } from './spelling.ts';

/** What is given beside X: one entry an axis of `axes`. */
interface Given {
  readonly roi: Value | null;
  readonly scales: Value | null;
  readonly sizes: Value | null;
  readonly axes: readonly number[];
}

interface Extent {
  readonly length: number;
  /** Scalars in double precision. */
  readonly size: Value;
  readonly scale: Value;
  readonly start: Value | undefined;
  readonly end: Value | undefined;
}

/** In double precision, as the evaluator has it, and rounded at the end; the extents of X must be known. */
export const resampledIn = (
  node: Node,
  b: Builder,
  x: Value,
  { roi, scales, sizes, axes }: Given,
  sampling: Sampling & { readonly extrapolation: number },
): Said => {
  if (sampling.antialias) return refuse('express/attribute', 'before opset 18 there is no antialiasing');
  const dims = extents(x);
  if (isRefusal(dims)) return dims;
  const { dtype } = tensorInput(node, 0);
  const s = spelling(b, 'float64');
  const entry = (v: Value, i: number): Value =>
    cast(b, b.op('Gather', [v, number(b, 'int64', i)]), 'float64');
  const length = (i: number): number => dims[axes[i] as number] as number;
  const lengths = axes.map((_, i) => length(i));
  const policy = stringOf(node, 'keep_aspect_ratio_policy', 'stretch');
  const shared = (v: Value): Value =>
    axes
      .map((_, i) => s.div(entry(v, i), length(i)))
      .reduce((p, q) => (policy === 'not_larger' ? s.min(p, q) : s.max(p, q)));
  const extentOf = (i: number): Extent => {
    const range = {
      start: roi ? entry(roi, i) : undefined,
      end: roi ? entry(roi, axes.length + i) : undefined,
      length: length(i),
    };
    if (!sizes) {
      const scale = entry(scales as Value, i);
      return { ...range, scale, size: s.one('Floor', s.mul(scale, length(i))) };
    }
    if (policy === 'stretch') {
      const size = entry(sizes, i);
      return { ...range, size, scale: s.div(size, length(i)) };
    }
    const scale = shared(sizes);
    return { ...range, scale, size: s.one('Floor', s.add(s.mul(scale, length(i)), 0.5)) };
  };
  const nearest = sampling.mode === 'nearest';
  const cropped = sampling.coordinates === 'tf_crop_and_resize';
  const known = scales && b.known(scales);
  const factors = known ? Array.from(known.read(0, known.count) as ArrayLike<number>) : [];
  const to = dimsOf(node.outputs[0]);
  let out = nearest ? x : cast(b, x, 'float64');
  for (const [i, axis] of axes.entries()) {
    const alone = lengths[i] === 1 && to?.[axis] === 1;
    if (!cropped && (alone || factors[i] === 1)) continue;
    const e = extentOf(i);
    const at = original(b, s, sampling.coordinates, e);
    if (isRefusal(at)) return at;
    const taken = nearest
      ? b.op('Gather', [out, places(b, s, sampling, e, at)], { axis: attr.int(axis) })
      : weighed(b, out, axis, weights(b, s, sampling, e, at), dims.length);
    const kind = nearest ? dtype : 'float64';
    out = cropped
      ? outside(b, s, taken, at, axis, e, number(b, kind, sampling.extrapolation), dims.length)
      : taken;
  }
  return [cast(b, out, dtype)];
};

/** The place in X that each element of the result stands for. */
const original = (b: Builder, s: Spelling, mode: string, e: Extent): Value | Refusal => {
  const i = b.op('Range', [s.number(0), e.size, s.number(1)]);
  const { length, size, scale } = e;
  const width = s.mul(scale, length);
  const centred = (): Value => s.sub(s.div(s.add(i, 0.5), scale), 0.5);
  switch (mode) {
    case 'half_pixel':
      return centred();
    case 'pytorch_half_pixel':
      return s.mul(centred(), cast(b, s.greater(width, 1), 'float64'));
    case 'half_pixel_symmetric':
      return s.add(centred(), s.mul(s.sub(s.div(size, width), 1), -length / 2));
    case 'align_corners': {
      const one = cast(b, b.op('Equal', [width, s.number(1)]), 'float64');
      return s.div(s.mul(i, length - 1), s.add(s.sub(width, 1), one));
    }
    case 'asymmetric':
      return s.div(i, scale);
    case 'tf_half_pixel_for_nn':
      return s.div(s.add(i, 0.5), scale);
    case 'tf_crop_and_resize': {
      const [start, end] = [e.start ?? s.number(0), e.end ?? s.number(1)];
      const step = s.div(s.mul(s.sub(end, start), length - 1), s.max(s.sub(size, 1), 1));
      const middle = s.mul(
        s.mul(s.sub(end, start), (length - 1) / 2),
        cast(b, b.op('Equal', [size, s.number(1)]), 'float64'),
      );
      return s.add(s.add(s.mul(i, step), s.mul(start, length - 1)), middle);
    }
    default:
      return refuse('express/attribute', `there is no coordinate_transformation_mode ${mode}`);
  }
};

const clamped = (s: Spelling, at: Value, length: number): Value => s.min(s.max(at, 0), length - 1);

/** nearest_mode: the one element that each is. */
const places = (b: Builder, s: Spelling, { nearest }: Sampling, e: Extent, x: Value): Value => {
  const floor = (v: Value): Value => s.one('Floor', v);
  const ceil = (v: Value): Value => s.one('Ceil', v);
  const round = (): Value => {
    if (nearest === 'floor') return floor(x);
    if (nearest === 'ceil') return ceil(x);
    if (nearest === 'round_prefer_ceil') return floor(s.add(x, 0.5));
    if (nearest !== 'simple') return ceil(s.sub(x, 0.5));
    const shrinks = cast(b, s.less(e.scale, 1), 'float64');
    return s.add(floor(x), s.mul(s.sub(ceil(x), floor(x)), shrinks));
  };
  return cast(b, clamped(s, round(), e.length), 'int64');
};

/** The weight of each element of X, down, in each of the result, across: `[length, size]`. */
const weights = (b: Builder, s: Spelling, sampling: Sampling, { length }: Extent, x: Value): Value => {
  const own = cast(
    b,
    whole(
      b,
      Array.from({ length }, (_, i) => i),
      [length, 1],
    ),
    'float64',
  );
  // Beyond an edge a linear mean is the edge, however it is weighed.
  if (sampling.mode === 'linear') {
    const far = s.one('Abs', b.op('Sub', [own, clamped(s, x, length)]));
    return s.max(s.add(s.mul(far, -1), 1), 0);
  }
  const a = sampling.cubic;
  const first = s.one('Floor', x);
  const taps = [-1, 0, 1, 2].map((t) => {
    const at = s.add(first, t);
    const d = s.one('Abs', s.sub(at, x));
    const polynomial = (...c: readonly number[]): Value =>
      c.slice(1).reduce((sum, k) => s.add(s.mul(sum, d), k), s.add(s.mul(d, 0), c[0] as number));
    const w = t === 0 || t === 1 ? polynomial(a + 2, -(a + 3), 0, 1) : polynomial(a, -5 * a, 8 * a, -4 * a);
    const here = cast(b, b.op('Equal', [own, clamped(s, at, length)]), 'float64');
    if (!sampling.excludeOutside) return s.mul(here, w);
    const inside = b.op('Equal', [at, clamped(s, at, length)]);
    return s.mul(here, s.mul(w, cast(b, inside, 'float64')));
  });
  const sum = taps.reduce((p, q) => s.add(p, q));
  if (!sampling.excludeOutside) return sum;
  return s.div(sum, b.op('ReduceSum', [sum, vector(b, [0])], { keepdims: attr.int(1) }));
};

const weighed = (b: Builder, x: Value, axis: number, by: Value, rank: number): Value => {
  const perm = Array.from({ length: rank }, (_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  const turn = (v: Value): Value =>
    axis === rank - 1 ? v : b.op('Transpose', [v], { perm: attr.ints(perm) });
  return turn(b.op('MatMul', [turn(x), by]));
};

/** Outside of X stands another value. */
const outside = (
  b: Builder,
  s: Spelling,
  taken: Value,
  at: Value,
  axis: number,
  { length }: Extent,
  value: Value,
  rank: number,
): Value => {
  const beyond = b.op('Or', [s.less(at, 0), s.greater(at, length - 1)]);
  const shape = [-1, ...new Array<number>(rank - 1 - axis).fill(1)];
  return b.op('Where', [reshaped(b, beyond, shape), value, taken]);
};
