import { attr, intOf } from '../../ir/attributes.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, knownInts } from './axes.ts';
import { floats, indices } from './constraints.ts';
import { cast } from './earlier.ts';
import { number, vector } from './expansion.ts';
import { asked } from './extents.ts';
import { fourier, line } from './fourier.ts';
import { spelling } from './spelling.ts';

/**
 * The Fourier transforms of frames of a signal `[batch, length, 1 or 2]`, every `frame_step` elements one, each times the
 * window: `[batch, frames, bins, 2]`. ONNX Operators, STFT. Computed in double precision. A complex signal has no
 * one-sided spectrum: `onesided`, which is 1 unless it is given, must be 0 there.
 */
export const STFT: Operator = {
  domain: '',
  name: 'STFT',
  since: [17],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    tensorInput(node, 1, indices);
    if (node.inputs[2]) tensorInput(node, 2, [dtype]);
    if (node.inputs[3]) tensorInput(node, 3, indices);
    if (dims !== null && dims.length !== 3) refused(node, 'its signal is [batch, length, 1 or 2]');
    if (typeof dims?.[2] === 'number') checkParts(node, dims[2]);
    const step = knownInts(node, 1, known)?.[0] ?? null;
    const given = node.inputs[3] ? (knownInts(node, 3, known)?.[0] ?? null) : null;
    const window = dimsOf(node.inputs[2]);
    const frame: Dim =
      given ?? (node.inputs[2] ? (window?.[0] ?? null) : node.inputs[3] ? null : (dims?.[1] ?? null));
    const length = dims?.[1] ?? null;
    const bins =
      typeof frame === 'number' && onesided(node) ? Math.floor(frame / 2) + 1 : onesided(node) ? null : frame;
    return [tensorType(dtype, [dims?.[0] ?? null, framesOf(length, frame, step), bins, 2])];
  },
  evaluate: ([x, step, window, given], node) => {
    const t = x as Tensor;
    const [batch, length, parts] = t.dims as [number, number, number];
    checkParts(node, parts);
    const hop = Number((step as Tensor).data[0]);
    const frame = given ? Number(given.data[0]) : (window?.dims[0] ?? length);
    if (!(hop >= 1 && frame >= 1)) refused(node, `it has no frames of ${frame} elements in steps of ${hop}`);
    if (window && window.data.length !== frame)
      refused(node, `a window of ${window.data.length} elements does not fit frames of ${frame}`);
    const frames = framesOf(length, frame, hop) as number;
    const bins = onesided(node) ? Math.floor(frame / 2) + 1 : frame;
    const out = zeros(t.dtype, asked(node, [batch, frames, bins, 2]));
    asked(node, [frame]);
    const round = rounder(t.dtype);
    const transform = fourier(frame, false);
    const work = line(frame);
    const element = (at: number) => t.data[at] as number;
    let to = 0;
    for (let s = 0; s < batch; s++) {
      for (let f = 0; f < frames; f++) {
        for (let i = 0; i < frame; i++) {
          const at = (s * length + f * hop + i) * parts;
          const weight = window ? (window.data[i] as number) : 1;
          work.re[i] = round(element(at) * weight);
          work.im[i] = parts === 2 ? round(element(at + 1) * weight) : 0;
        }
        transform(work);
        for (let k = 0; k < bins; k++) {
          (out.data as Float64Array)[to++] = round(work.re[k] as number);
          (out.data as Float64Array)[to++] = round(work.im[k] as number);
        }
      }
    }
    return [out];
  },
  express: (node, b, opsets) => {
    // Before 17: the frames gathered, and the Fourier transform of each.
    if ((opsets.get('') ?? 0) >= 17) return undefined;
    const [x, step, window = null, given = null] = node.inputs as readonly [Value, Value, Value?, Value?];
    const { dtype } = tensorInput(node, 0);
    const w = spelling(b, 'int64');
    const extent = (v: Value, axis: number): Value =>
      b.op('Reshape', [b.op('Gather', [b.op('Shape', [v]), vector(b, [axis])]), vector(b, [])]);
    const scalar = (v: Value): Value => b.op('Reshape', [cast(b, v, 'int64'), vector(b, [])]);
    const length = extent(x, 1);
    const frame = given ? scalar(given) : window ? extent(window, 0) : length;
    const hop = scalar(step);
    const range = (count: Value): Value => b.op('Range', [w.number(0), count, w.number(1)]);
    const count = w.add(b.op('Div', [w.sub(length, frame), hop]), 1);
    const starts = b.op('Unsqueeze', [w.mul(range(count), hop), vector(b, [1])]);
    const frames = b.op('Gather', [x, w.add(starts, range(frame))], { axis: attr.int(1) });
    const weighed = window ? b.op('Mul', [frames, b.op('Unsqueeze', [window, vector(b, [1])])]) : frames;
    const attributes = { onesided: attr.int(onesided(node) ? 1 : 0) };
    return [cast(b, b.op('DFT', [weighed, null, number(b, 'int64', 2)], attributes), dtype)];
  },
  rows: () => 'each',
};

const onesided = (node: Node): boolean => intOf(node, 'onesided', 1) !== 0;

const checkParts = (node: Node, parts: number): void => {
  if (parts !== 1 && parts !== 2)
    refused(node, `the last axis has ${parts} elements; numbers have 1 part or 2`);
  if (parts === 2 && onesided(node))
    refused(node, 'a complex signal has no one-sided spectrum: onesided must be 0');
};

/** Frames that lie in the signal as a whole. */
const framesOf = (length: Dim, frame: Dim, step: Dim): Dim => {
  // One frame as long as the signal is one frame, however long both are.
  if (frame !== null && frame === length) return 1;
  if (typeof length !== 'number' || typeof frame !== 'number' || typeof step !== 'number' || step < 1)
    return null;
  return length < frame ? 0 : Math.floor((length - frame) / step) + 1;
};
