/** Windows that slide over the spatial axes of `[N, C, D1, …]`: what Conv and the pools share. */
import { intOf, intsOf, stringOf } from '../../ir/attributes.ts';
import type { Dim, Node } from '../../ir/model.ts';
import { countOf, strides as rowMajor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';

/** A window along one axis. */
interface Axis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before and behind; null: chosen so that the output has ceil(input / stride) elements. */
  readonly pads: readonly [before: number, behind: number] | null;
}

export interface Window {
  readonly axes: readonly Axis[];
  /** Padding of odd size: more of it behind (SAME_UPPER), or before. */
  readonly upper: boolean;
  readonly ceil: boolean;
}

/** The attributes of a window over `rank` spatial axes; `kernel` where kernel_shape may be left out. */
export const windowOf = (node: Node, rank: number, kernel?: readonly number[]): Window => {
  const list = (name: string, count: number, otherwise: number, least: number): readonly number[] => {
    const values = intsOf(node, name) ?? new Array<number>(count).fill(otherwise);
    if (values.length !== count || values.some((v) => !(Number.isSafeInteger(v) && v >= least))) {
      refused(node, `${name} is [${values}]; it takes ${count} integers from ${least} on`);
    }
    return values;
  };
  const shape = intsOf(node, 'kernel_shape') ?? kernel ?? refused(node, 'kernel_shape is missing');
  if (shape.length !== rank || shape.some((k) => !(k >= 1))) {
    refused(node, `kernel_shape [${shape}] does not fit ${rank} spatial axes`);
  }
  const strides = list('strides', rank, 1, 1);
  const dilations = list('dilations', rank, 1, 1);
  const pads = list('pads', 2 * rank, 0, 0);
  const auto = stringOf(node, 'auto_pad', 'NOTSET');
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(auto)) refused(node, `auto_pad is ${auto}`);
  const padsOf = (i: number): Axis['pads'] => {
    if (auto === 'NOTSET') return [pads[i] as number, pads[rank + i] as number];
    return auto === 'VALID' ? [0, 0] : null;
  };
  return {
    axes: shape.map((k, i) => ({
      kernel: k,
      stride: strides[i] as number,
      dilation: dilations[i] as number,
      pads: padsOf(i),
    })),
    upper: auto === 'SAME_UPPER',
    ceil: intOf(node, 'ceil_mode', 0) !== 0,
  };
};

/** How far a window reaches. */
const reach = (a: Axis): number => (a.kernel - 1) * a.dilation + 1;

/**
 * Positions of the window along an axis of `size` elements. VALID is padding of 0 under `ceil` too, as the standard's
 * shape inference and onnxruntime have it; the text's own formula for that (deprecated) case gives fewer.
 */
const positions = (node: Node, a: Axis, size: number, ceil: boolean): number => {
  if (a.pads === null) return Math.ceil(size / a.stride);
  const [before, behind] = a.pads;
  const count = Math[ceil ? 'ceil' : 'floor']((size + before + behind - reach(a)) / a.stride) + 1;
  if (count < 1)
    refused(node, `a window of ${reach(a)} does not fit into ${size} elements and their padding`);
  // A window that would begin in the padding behind is left out.
  return ceil && count > 1 && (count - 1) * a.stride >= size + before ? count - 1 : count;
};

/** The spatial extents of the output; null where the input's is not known. */
export const outputDims = (node: Node, w: Window, spatial: readonly Dim[]): Dim[] =>
  w.axes.map((a, i) => {
    const size = spatial[i];
    return typeof size === 'number' ? positions(node, a, size, w.ceil) : null;
  });

/** One plane laid out with its padding, so that no window leaves it. */
export interface Layout {
  /** Spatial extents of the output. */
  readonly dims: readonly number[];
  /** Elements of the padded plane. */
  readonly padded: number;
  /** Where each element of the plane stands in the padded one. */
  readonly place: Int32Array;
  /** Where each window begins. */
  readonly base: Int32Array;
  /** Where each tap of a window stands, from its beginning. */
  readonly taps: Int32Array;
  /** For each place of the padded plane: does declared padding or an element stand there (else only overhang)? */
  readonly declared: Uint8Array;
}

const largestPlane = 2 ** 28;

export const layoutOf = (node: Node, w: Window, spatial: readonly number[]): Layout => {
  const dims = w.axes.map((a, i) => positions(node, a, spatial[i] as number, w.ceil));
  const pads = w.axes.map((a, i): readonly [number, number] => {
    if (a.pads) return a.pads;
    const all = Math.max(0, ((dims[i] as number) - 1) * a.stride + reach(a) - (spatial[i] as number));
    const small = all >> 1;
    return w.upper ? [small, all - small] : [all - small, small];
  });
  const extents = w.axes.map((a, i) => {
    const [before, behind] = pads[i] as readonly [number, number];
    return Math.max(
      (spatial[i] as number) + before + behind,
      ((dims[i] as number) - 1) * a.stride + reach(a),
    );
  });
  if (!(countOf(extents) <= largestPlane)) refused(node, `a padded plane of [${extents}] is too large`);
  const steps = rowMajor(extents);
  const step = (i: number) => steps[i] as number;
  const before = (i: number) => (pads[i] as readonly [number, number])[0];
  const axis = (i: number) => w.axes[i] as Axis;
  const declared = new Uint8Array(countOf(extents));
  const held = w.axes.map((_, i) => (spatial[i] as number) + before(i) + (pads[i]?.[1] as number));
  for (const at of grid(held, steps)) declared[at] = 1;
  return {
    dims,
    padded: countOf(extents),
    place: grid(
      spatial,
      steps,
      spatial.reduce((n, _, i) => n + before(i) * step(i), 0),
    ),
    base: grid(
      dims,
      steps.map((s, i) => axis(i).stride * s),
    ),
    taps: grid(
      w.axes.map((a) => a.kernel),
      steps.map((s, i) => axis(i).dilation * s),
    ),
    declared,
  };
};

/** Offsets of the points of a grid, row-major: each axis advances by its own step. */
export const grid = (dims: readonly number[], steps: readonly number[], from = 0): Int32Array => {
  const out = new Int32Array(countOf(dims));
  const at = new Array<number>(dims.length).fill(0);
  let offset = from;
  for (let n = 0; n < out.length; n++) {
    out[n] = offset;
    for (let i = dims.length - 1; i >= 0; i--) {
      offset += steps[i] as number;
      at[i] = (at[i] as number) + 1;
      if ((at[i] as number) < (dims[i] as number)) break;
      offset -= (steps[i] as number) * (dims[i] as number);
      at[i] = 0;
    }
  }
  return out;
};
