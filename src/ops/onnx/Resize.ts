import { attr, floatOf, intOf, intsOf, stringOf } from '../../ir/attributes.ts';
import type { Builder, Known } from '../../ir/builder.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { column, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axesFromFront, dimsOf, knownExtents, knownInts } from './axes.ts';
import { earlier, type Said } from './earlier.ts';
import { attributesBut } from './expansion.ts';
import { resampledIn } from './resampling.ts';
import { type Sampling, samplesAlong } from './sampling.ts';

/**
 * X at other extents: each element is the nearest one of X, or a linear or cubic mean of the near ones, axis by axis, in
 * double precision and rounded at the end. ONNX Operators, Resize.
 *
 * 10: `scales` are input 1, coordinates are asymmetric, nearest is floor where an axis grows and ceil where it shrinks
 * (so the standard's cases; its text is silent). From 11 on roi, scales and sizes are inputs 1 to 3. 13 dropped
 * `tf_half_pixel_for_nn`; 18 brought antialias, axes and keep_aspect_ratio_policy; 19 `half_pixel_symmetric`.
 */
const resize: Operator = {
  domain: '',
  name: 'Resize',
  since: [13, 18, 19],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (dims === null) return [tensorType(dtype, null)];
    const unknown = [
      tensorType(
        dtype,
        dims.map(() => null),
      ),
    ];
    const axes = axesOf(node, dims.length);
    const given = knownTargets(node, known);
    if (!given) {
      const sizes = node.op.since > 10 && node.inputs[3] ? knownExtents(node, 3, known) : undefined;
      if (
        sizes?.length !== axes.length ||
        stringOf(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch'
      )
        return unknown;
      return [
        tensorType(
          dtype,
          dims.map((d, i) => (axes.includes(i) ? (sizes[axes.indexOf(i)] ?? null) : d)),
        ),
      ];
    }
    // An axis that is not resized keeps its symbol, rows above all.
    const extents = dims.map((d, i) => (typeof d === 'number' ? d : axes.includes(i) ? Number.NaN : 1));
    const plan = planOf(node, extents, given);
    return [
      tensorType(
        dtype,
        dims.map((d, i) => {
          const { size, scale } = plan[i] as Extent;
          if (typeof d === 'number') return size;
          return !axes.includes(i) || scale === 1 ? d : null;
        }),
      ),
    ];
  },
  evaluate: (inputs, node) => {
    const x = inputs[0] as Tensor;
    const { extrapolation, ...sampling } = samplingOf(node);
    const numbers = (t: Tensor | null | undefined): number[] =>
      t ? Array.from(t.data as ArrayLike<number | bigint>, Number) : [];
    const old = node.op.since === 10;
    const plan = planOf(node, x.dims, {
      scales: numbers(inputs[old ? 1 : 2]),
      sizes: numbers(old ? null : inputs[3]),
    });
    const roi = numbers(old ? null : inputs[1]);
    const axes = axesOf(node, x.dims.length);
    if (isNumberless(x) && sampling.mode !== 'nearest') refused(node, `${x.dtype} has no mean`);
    let data: ArrayLike<unknown> = x.data;
    const dims = [...x.dims];
    for (const [i, axis] of axes.entries()) {
      const { size, scale } = plan[axis] as Extent;
      const length = dims[axis] as number;
      const range: [number, number] = [roi[i] ?? 0, roi[axes.length + i] ?? 1];
      if (size === length && scale === 1 && sampling.coordinates !== 'tf_crop_and_resize') continue;
      const samples = samplesAlong(node, sampling, { length, size, scale, range });
      data = resampled(data, dims, axis, samples, extrapolation);
      dims[axis] = size;
    }
    return [tensor(x.dtype, dims, stored(x, data, countOf(dims)))];
  },
  express: (node, b, opsets) => {
    const opset = opsets.get('') ?? 0;
    const old = node.op.since === 10;
    const [x] = node.inputs as readonly [Value];
    const [roi, scales, sizes] = old ? [null, node.inputs[1], null] : node.inputs.slice(1);
    const mode = stringOf(node, 'coordinate_transformation_mode', 'half_pixel');
    const dropped = opset >= 13 && !old && mode === 'tf_half_pixel_for_nn';
    const lacking =
      opset >= 11 &&
      !old &&
      ((opset < 19 && mode === 'half_pixel_symmetric') ||
        (opset < 18 && node.attributes.has('axes')) ||
        (opset < 18 && stringOf(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch'));
    const sampled = (): Said => {
      const given = [roi, scales, sizes].map((v) => (v && dimsOf(v)?.[0] !== 0 ? v : null));
      const [box = null, factors = null, asked = null] = given;
      const axes = axesOf(node, dimsOf(x)?.length ?? 0);
      return resampledIn(node, b, x, { roi: box, scales: factors, sizes: asked, axes }, samplingOf(node));
    };
    if (dropped || lacking) return sampled();
    if (opset >= 11) {
      if (!old && opset >= 13) {
        // What is empty was given because it had to be.
        const given = [roi, scales, sizes].map((v) => (v && dimsOf(v)?.[0] !== 0 ? v : null));
        return node.op.since === 11
          ? earlier(node, b, opsets, [x, ...given], attributesBut(node, []))
          : undefined;
      }
      // Every input had to be given at 11; an empty one says nothing.
      const empty = opset < 13 ? b.constant(constant('float32', [])) : null;
      const inputs = [x, roi ?? empty, scales ?? empty, ...(sizes ? [sizes] : [])];
      // What nearest is follows the scale there: down where an axis grows, up where it shrinks.
      const given = old && (scales ? b.known(scales)?.read(0, Number.MAX_SAFE_INTEGER) : undefined);
      const list = given ? Array.from(given as Float32Array) : [];
      const nearest = stringOf(node, 'mode', 'nearest') === 'nearest';
      if (old && nearest && (!given || (list.some((s) => s < 1) && list.some((s) => s > 1)))) {
        return oldNearest(node, b, x, scales as Value, list);
      }
      return earlier(node, b, opsets, inputs, {
        ...attributesBut(node, []),
        ...(old && { coordinate_transformation_mode: attr.string('asymmetric') }),
        ...(old && nearest && { nearest_mode: attr.string(list.some((s) => s < 1) ? 'ceil' : 'floor') }),
      });
    }
    const plain = asymmetric(node, b, opsets, x, scales ?? null, sizes ?? null);
    return isRefusal(plain) ? sampled() : plain;
  },
  lower: () => refuse('onnx/no-row-form', 'resizing has no form in the row language'),
  rows: (node) => {
    const rank = (node.inputs[0]?.type.kind === 'tensor' && node.inputs[0].type.dims?.length) || 0;
    return node.attributes.has('axes') && rank > 0 && !axesOf(node, rank).includes(0) ? 'each' : 'all';
  },
};

/** Version 10 had its scales where roi is since; at 11 every input had to be given. */
export const Resize: readonly Operator[] = [resize, { ...resize, since: [11] }, { ...resize, since: [10] }];

/** Version 10's nearest: the axes that grow, then those that shrink; which they are must be known. */
const oldNearest = (_node: Node, b: Builder, x: Value, scales: Value, list: readonly number[]) => {
  const step = (from: Value, factors: Value, nearest: 'floor' | 'ceil'): Value =>
    b.op('Resize', [from, null, factors], {
      mode: attr.string('nearest'),
      coordinate_transformation_mode: attr.string('asymmetric'),
      nearest_mode: attr.string(nearest),
    });
  if (list.length === 0) {
    const one = b.constant(constant('float32', [1], []));
    return [step(step(x, b.op('Max', [scales, one]), 'floor'), b.op('Min', [scales, one]), 'ceil')];
  }
  const factors = (keep: (s: number) => boolean) =>
    b.constant(
      constant(
        'float32',
        list.map((s) => (keep(s) ? s : 1)),
      ),
    );
  return [
    step(
      step(
        x,
        factors((s) => s > 1),
        'floor',
      ),
      factors((s) => s < 1),
      'ceil',
    ),
  ];
};

/** Before 11: asymmetric coordinates, scales alone, nearest down where an axis grows; before 10 as Upsample. */
const asymmetric = (
  node: Node,
  b: Builder,
  opsets: ReadonlyMap<string, number>,
  x: Value,
  scales: Value | null,
  sizes: Value | null,
): Said => {
  const { mode, coordinates, nearest } = samplingOf(node);
  const opset = opsets.get('') ?? 0;
  if (!scales || sizes) return refuse('express/attribute', 'before opset 11 it takes scales, not sizes');
  if (coordinates !== 'asymmetric' || mode === 'cubic') {
    return refuse('express/attribute', `before opset 11 there is no ${mode} with ${coordinates} coordinates`);
  }
  const list = b.known(scales)?.read(0, Number.MAX_SAFE_INTEGER) as Float32Array | undefined;
  const grows = list?.every((s) => s >= 1);
  if (
    (mode === 'nearest' && nearest !== 'simple' && !(nearest === 'floor' && grows)) ||
    (opset < 10 && !grows)
  ) {
    return refuse('express/attribute', `before opset 11 there is no ${mode}, ${nearest}, with these scales`);
  }
  const attributes = { mode: attr.string(mode) };
  if (opset >= 10) return earlier(node, b, opsets, [x, scales], attributes);
  if (opset >= 9) return earlier(node, b, opsets, [x, scales], attributes, 'Upsample');
  if (opset >= 7)
    return earlier(node, b, opsets, [x], { ...attributes, scales: attr.floats(list ?? []) }, 'Upsample');
  const [n, c, height, width] = list ?? [];
  if (list?.length !== 4 || n !== 1 || c !== 1)
    return refuse('express/attribute', 'before opset 7 planes alone were upsampled');
  return earlier(
    node,
    b,
    opsets,
    [x],
    {
      mode: attr.string(mode === 'linear' ? 'bilinear' : mode),
      height_scale: attr.float(height as number),
      width_scale: attr.float(width as number),
    },
    'Upsample',
  );
};

interface Extent {
  readonly size: number;
  readonly scale: number;
}

interface Targets {
  readonly scales: readonly number[];
  readonly sizes: readonly number[];
}

const knownTargets = (node: Node, known: Known): Targets | undefined => {
  const old = node.op.since === 10;
  const read = (i: number) => (node.inputs[i] ? knownInts(node, i, known) : []);
  const scales = read(old ? 1 : 2);
  const sizes = old ? [] : read(3);
  return scales && sizes && { scales, sizes };
};

/** The axes that scales, sizes and roi speak of. */
const axesOf = (node: Node, rank: number): readonly number[] => {
  const axes = intsOf(node, 'axes');
  if (!axes) return Array.from({ length: rank }, (_, i) => i);
  axesFromFront(node, axes, rank);
  return axes.map((a) => (a < 0 ? a + rank : a));
};

/** Extent and scale of every axis; where both are given, an extent follows the scale unless sizes name it. */
const planOf = (node: Node, dims: readonly number[], { scales, sizes }: Targets): readonly Extent[] => {
  const axes = axesOf(node, dims.length);
  const given = sizes.length > 0 ? sizes : scales;
  if (given.length !== axes.length || (sizes.length > 0 && scales.length > 0)) {
    refused(node, `give a scale or a size, not both, for each of ${axes.length} axes`);
  }
  if (given.some((v) => !(v > 0 && v < Infinity))) refused(node, `it cannot resize by [${given}]`);
  const plan: Extent[] = dims.map((size) => ({ size, scale: 1 }));
  const policy = stringOf(node, 'keep_aspect_ratio_policy', 'stretch');
  const ratios = axes.map((axis, i) => (given[i] as number) / (dims[axis] as number));
  const shared =
    policy === 'stretch' ? undefined : policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  axes.forEach((axis, i) => {
    const length = dims[axis] as number;
    if (sizes.length === 0) {
      const scale = given[i] as number;
      plan[axis] = { size: Math.floor(length * scale), scale };
    } else if (shared === undefined) plan[axis] = { size: given[i] as number, scale: ratios[i] as number };
    else plan[axis] = { size: Math.floor(shared * length + 0.5), scale: shared };
  });
  if (plan.some(({ size }) => size > 2 ** 31)) refused(node, 'the result is too large');
  return plan;
};

const samplingOf = (node: Node): Sampling & { readonly extrapolation: number } => {
  const old = node.op.since === 10;
  return {
    mode: stringOf(node, 'mode', 'nearest'),
    coordinates: old ? 'asymmetric' : stringOf(node, 'coordinate_transformation_mode', 'half_pixel'),
    nearest: old ? 'simple' : stringOf(node, 'nearest_mode', 'round_prefer_floor'),
    cubic: floatOf(node, 'cubic_coeff_a', -0.75),
    excludeOutside: intOf(node, 'exclude_outside', 0) !== 0,
    antialias: intOf(node, 'antialias', 0) !== 0,
    extrapolation: floatOf(node, 'extrapolation_value', 0),
  };
};

/** Strings and 64-bit integers are only ever copied. */
const isNumberless = (x: Tensor): boolean => Array.isArray(x.data) || x.data instanceof BigInt64Array;

/** One axis resampled. A sample without taps is outside; `nearest` has one tap, which is copied. */
const resampled = (
  data: ArrayLike<unknown>,
  dims: readonly number[],
  axis: number,
  samples: readonly (readonly [from: Int32Array, weights: Float64Array])[],
  extrapolation: number,
): unknown[] => {
  const length = dims[axis] as number;
  const inner = countOf(dims.slice(axis + 1));
  const outer = countOf(dims.slice(0, axis));
  const out = new Array<unknown>(outer * samples.length * inner);
  for (let o = 0; o < outer; o++) {
    for (let s = 0; s < samples.length; s++) {
      const [from, weights] = samples[s] as readonly [Int32Array, Float64Array];
      for (let i = 0; i < inner; i++) {
        const element = (t: number) => data[(o * length + (from[t] as number)) * inner + i];
        const to = (o * samples.length + s) * inner + i;
        if (from.length === 0) out[to] = extrapolation;
        else if (from.length === 1) out[to] = element(0);
        else {
          let sum = 0;
          for (let t = 0; t < from.length; t++) sum += (weights[t] as number) * (element(t) as number);
          out[to] = sum;
        }
      }
    }
  }
  return out;
};

const stored = (x: Tensor, data: ArrayLike<unknown>, count: number): Tensor['data'] => {
  const out = column(x.dtype, count) as unknown as unknown[];
  const round = isFloat(x.dtype) ? rounder(x.dtype) : undefined;
  for (let i = 0; i < count; i++) out[i] = round ? round(data[i] as number) : data[i];
  return out as unknown as Tensor['data'];
};
