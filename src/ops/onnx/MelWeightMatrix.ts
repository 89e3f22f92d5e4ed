import { tensorType, type Value } from '../../ir/model.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, knownInts } from './axes.ts';
import { floats, indices } from './constraints.ts';
import { cast } from './conversion.ts';
import { outputType } from './cosineWindow.ts';
import { cast as casted } from './earlier.ts';
import { vector } from './expansion.ts';
import { asked } from './extents.ts';
import { spelling } from './spelling.ts';

/**
 * Triangles over the bins of a one-sided spectrum, `[dft_length / 2 + 1, num_mel_bins]`, evenly spread on the mel scale
 * 2595 log10(1 + f / 700). ONNX Operators, MelWeightMatrix. The text leaves open where exactly the triangles stand; the
 * standard's case has num_mel_bins + 2 corners a step of (high - low) / (num_mel_bins + 2) mel apart, the first one at the
 * lower edge, each moved down to the bin that its frequency is in.
 */
export const MelWeightMatrix: Operator = {
  domain: '',
  name: 'MelWeightMatrix',
  since: [17],
  infer: (node, known) => {
    for (const i of [0, 1, 2]) tensorInput(node, i, indices);
    for (const i of [3, 4]) tensorInput(node, i, floats);
    if (node.inputs.some((v) => (dimsOf(v)?.length ?? 0) > 0)) refused(node, 'its inputs are single numbers');
    const [[bands], [length]] = [knownInts(node, 0, known) ?? [], knownInts(node, 1, known) ?? []];
    const bins = length === undefined ? null : Math.floor(length / 2) + 1;
    return [tensorType(outputType(node), [bins, bands ?? null])];
  },
  express: (node, b, opsets) => {
    // Before 17: the formulas of the corners and of the three parts of a triangle.
    if ((opsets.get('') ?? 0) >= 17) return undefined;
    const s = spelling(b, 'float64');
    const [bands, length, rate, low, high] = node.inputs.map((v) => casted(b, v as Value, 'float64')) as [
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const mel = (hertz: Value): Value => s.mul(s.one('Log', s.add(s.div(hertz, 700), 1)), 2595 / Math.LN10);
    const step = s.div(s.sub(mel(high), mel(low)), s.add(bands, 2));
    const range = (count: Value): Value =>
      casted(b, b.op('Range', [s.number(0), count, s.number(1)]), 'float64');
    const mels = s.add(s.mul(range(s.add(bands, 2)), step), mel(low));
    const hertz = s.mul(s.sub(s.one('Exp', s.mul(mels, Math.LN10 / 2595)), 1), 700);
    const corners = s.one('Floor', s.div(s.mul(hertz, s.add(length, 1)), rate));
    const corner = (i: number): Value =>
      b.op('Gather', [corners, casted(b, s.add(range(bands), i), 'int64')]);
    const [left, peak, right] = [corner(0), corner(1), corner(2)];
    const bins = s.add(s.one('Floor', s.div(length, 2)), 1);
    const bin = b.op('Unsqueeze', [range(bins), vector(b, [1])]);
    const none = s.mul(s.add(s.mul(bin, 0), peak), 0);
    const rising = s.where(s.less(bin, left), none, s.div(s.sub(bin, left), s.sub(peak, left)));
    const falling = s.where(s.less(bin, right), s.div(s.sub(right, bin), s.sub(right, peak)), none);
    const slopes = s.where(s.less(bin, peak), rising, s.where(s.greater(bin, peak), falling, 1));
    return [casted(b, slopes, outputType(node))];
  },
  evaluate: (inputs, node) => {
    const [bands, length, rate, low, high] = inputs.map((t) => Number((t as Tensor).data[0])) as Given;
    const bins = Math.floor(length / 2) + 1;
    const out = zeros('float64', asked(node, [bins, bands]));
    const corners = cornersOf([bands, length, rate, low, high]);
    if (bands > 0 && !corners.every((c) => c >= 0 && c < bins))
      refused(
        node,
        `${low} to ${high} Hz lie outside the ${bins} bins of a spectrum of ${rate} samples a second`,
      );
    for (let band = 0; band < bands; band++) {
      const [left, peak, right] = corners.slice(band, band + 3) as [number, number, number];
      const set = (bin: number, weight: number) => {
        (out.data as Float64Array)[bin * bands + band] = weight;
      };
      for (let bin = left; bin < peak; bin++) set(bin, (bin - left) / (peak - left));
      set(peak, 1);
      for (let bin = peak + 1; bin < right; bin++) set(bin, (right - bin) / (right - peak));
    }
    return [cast(out, outputType(node), { saturate: true, roundMode: 'up' })];
  },
};

type Given = [bands: number, length: number, rate: number, low: number, high: number];

/** The bins of the corners of all triangles: neighbours share two of them. */
const cornersOf = ([bands, length, rate, low, high]: Given): readonly number[] => {
  const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
  const step = (mel(high) - mel(low)) / (bands + 2);
  return Array.from({ length: bands + 2 }, (_, i) => {
    const hertz = 700 * (10 ** ((mel(low) + i * step) / 2595) - 1);
    return Math.floor(((length + 1) * hertz) / rate);
  });
};
