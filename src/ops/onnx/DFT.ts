import { attr, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { dimsOf, fromFront, knownInts } from './axes.ts';
import { byAxis } from './byAxis.ts';
import { floats, indices } from './constraints.ts';
import { cast } from './earlier.ts';
import { attributesBut, finish, number, vector } from './expansion.ts';
import { asked } from './extents.ts';
import { fourier, line } from './fourier.ts';
import { spelling } from './spelling.ts';

/** What the attributes ask for. */
interface Kind {
  readonly inverse: boolean;
  readonly onesided: boolean;
}

const kindOf = (node: Node): Kind => ({
  inverse: intOf(node, 'inverse', 0) !== 0,
  onesided: intOf(node, 'onesided', 0) !== 0,
});

/** The axis from the front; the last one holds the parts of a number. */
const signalAxis = (node: Node, axis: number, rank: number): number => {
  const at = fromFront(node, axis, rank);
  return at < rank - 1 ? at : refused(node, 'the last axis holds real and imaginary parts, not a signal');
};

/** The last extent: 1 for real numbers, 2 for complex ones, as far as it is known. */
const checkParts = (node: Node, parts: Dim | undefined, { inverse, onesided }: Kind): void => {
  if (typeof parts !== 'number') return;
  if (parts !== 1 && parts !== 2)
    refused(node, `the last axis has ${parts} elements; numbers have 1 part or 2`);
  if (onesided && parts !== (inverse ? 2 : 1))
    refused(node, `one-sided, it takes ${inverse ? 'complex' : 'real'} numbers only`);
};

const bins = (length: Dim): Dim => (typeof length === 'number' ? Math.floor(length / 2) + 1 : null);

/** The extent of the signal axis before it is transformed, and after. */
const lengths = (extent: Dim, given: Dim | undefined, { inverse, onesided }: Kind): readonly [Dim, Dim] => {
  const otherwise = inverse && onesided ? (typeof extent === 'number' ? 2 * (extent - 1) : null) : extent;
  const length = given === undefined ? otherwise : given;
  return [length, onesided && !inverse ? bins(length) : length];
};

/**
 * The discrete Fourier transform along an axis, cut or padded with zeros to `dft_length`; its inverse divides by the
 * length. One-sided, the half of a real signal's spectrum that says all, or the signal from that half. ONNX Operators, DFT.
 *
 * The text is silent on precision: as in the standard's cases, a transform is computed in double precision, and an inverse
 * one in single precision, step by step, where its numbers are. 17: the axis is an attribute, 1 by default; 20: an input, -2 by default.
 */
export const DFT: readonly Operator[] = [
  {
    domain: '',
    name: 'DFT',
    since: [20],
    infer: (node, known) => {
      const { dtype, dims } = tensorInput(node, 0, floats);
      if (node.inputs[1]) tensorInput(node, 1, indices);
      if (node.inputs[2]) tensorInput(node, 2, ['int64']);
      if (dims === null) return [tensorType(dtype, null)];
      const kind = kindOf(node);
      if (dims.length < 2) refused(node, 'its input has a signal axis and one of parts');
      checkParts(node, dims.at(-1), kind);
      const parts = kind.inverse && kind.onesided ? 1 : 2;
      const axis = node.inputs[2] ? knownInts(node, 2, known)?.[0] : -2;
      const given = node.inputs[1] ? (knownInts(node, 1, known)?.[0] ?? null) : undefined;
      // Nothing is cut; or of two axes one is the signal's, wherever it is said to be.
      if (axis === undefined && !node.inputs[1] && !kind.onesided)
        return [tensorType(dtype, dims.with(-1, parts))];
      if (axis === undefined && dims.length > 2)
        return [tensorType(dtype, [...dims.slice(0, -1).map(() => null), parts])];
      const at = signalAxis(node, axis ?? 0, dims.length);
      const [, after] = lengths(dims[at] ?? null, given, kind);
      return [tensorType(dtype, [...dims.slice(0, -1).map((d, i) => (i === at ? after : d)), parts])];
    },
    evaluate: ([x, length, at], node) => {
      const t = x as Tensor;
      const kind = kindOf(node);
      checkParts(node, t.dims.at(-1), kind);
      const axis = signalAxis(node, Number(at?.data[0] ?? -2), t.dims.length);
      return [transformed(node, t, axis, length ? Number(length.data[0]) : undefined, kind)];
    },
    express: (node, b, opsets) => {
      // Before 20 the axis is an attribute; before 17 the transform is a product with cosines and one with sines.
      const [x, length = null] = node.inputs as readonly (Value | null)[];
      const { dtype, dims } = tensorInput(node, 0);
      if (dims === null) return refuse('express/extent', 'before opset 20 the rank must be known');
      const op = b.version('', 'DFT', opsets.get(''));
      if (!op && kindOf(node).inverse && dtype !== 'float64') {
        return refuse(
          'express/precision',
          `before opset 17 no operator inverts a transform of ${dtype} in its own precision, step by step`,
        );
      }
      const along = (around: Builder, axis: number): Value => {
        if (!op) return byProducts(node, around, x as Value, length, axis);
        const attributes = attributesBut(node, [], { axis: attr.int(axis) });
        return around.op(op, [x as Value, length], attributes);
      };
      const transformed = node.inputs[2]
        ? byAxis(node, b, 2, dims.length - 1, along)
        : along(b, dims.length - 2);
      return [cast(b, transformed, dtype)];
    },
    rows: (node) => {
      const rank = dimsOf(node.inputs[0])?.length ?? 0;
      // Where the axis is an input it may be any but the last.
      return rank > 2 && !node.inputs[2] ? 'each' : 'all';
    },
  },
  {
    domain: '',
    name: 'DFT',
    since: [17],
    infer: (node, known) => {
      const { dtype, dims } = tensorInput(node, 0, floats);
      if (node.inputs[1]) tensorInput(node, 1, indices);
      if (dims === null) return [tensorType(dtype, null)];
      const kind = kindOf(node);
      checkParts(node, dims.at(-1), kind);
      const at = signalAxis(node, intOf(node, 'axis', 1), dims.length);
      const given = node.inputs[1] ? (knownInts(node, 1, known)?.[0] ?? null) : undefined;
      const [, after] = lengths(dims[at] ?? null, given, kind);
      const parts = kind.inverse && kind.onesided ? 1 : 2;
      return [tensorType(dtype, [...dims.slice(0, -1).map((d, i) => (i === at ? after : d)), parts])];
    },
    expand: (node, b) => {
      const [x = null, length = null] = node.inputs;
      return finish(
        node,
        b,
        'DFT',
        [x, length, number(b, 'int64', intOf(node, 'axis', 1))],
        attributesBut(node, ['axis']),
      );
    },
  },
];

const transformed = (node: Node, t: Tensor, axis: number, given: number | undefined, kind: Kind): Tensor => {
  const { inverse, onesided } = kind;
  const parts = t.dims.at(-1) as number;
  const extent = t.dims[axis] as number;
  const [length, after] = lengths(extent, given, kind) as readonly [number, number];
  if (!(length >= 1)) refused(node, `dft_length is ${length}`);
  const outParts = inverse && onesided ? 1 : 2;
  const dims = [...t.dims.slice(0, -1).map((d, i) => (i === axis ? after : d)), outParts];
  const out = zeros(t.dtype, asked(node, dims));
  const [from, to] = [t.data as Float64Array, out.data as Float64Array];
  const round = rounder(t.dtype);
  const inner = countOf(t.dims.slice(axis + 1, -1));
  const outer = countOf(t.dims.slice(0, axis));
  asked(node, [length]);
  const work = line(length);
  const transform = fourier(length, inverse, inverse ? stepRounder(t.dtype) : undefined);
  const taken = Math.min(extent, inverse && onesided ? Math.floor(length / 2) + 1 : length);
  for (let o = 0; o < outer; o++) {
    for (let n = 0; n < inner; n++) {
      work.re.fill(0);
      work.im.fill(0);
      for (let i = 0; i < taken; i++) {
        const at = ((o * extent + i) * inner + n) * parts;
        work.re[i] = from[at] as number;
        work.im[i] = parts === 2 ? (from[at + 1] as number) : 0;
      }
      if (inverse && onesided) mirror(work.re, work.im, length);
      transform(work);
      for (let i = 0; i < after; i++) {
        const at = ((o * after + i) * inner + n) * outParts;
        to[at] = round(inverse ? (work.re[i] as number) / length : (work.re[i] as number));
        if (outParts === 2)
          to[at + 1] = round(inverse ? (work.im[i] as number) / length : (work.im[i] as number));
      }
    }
  }
  return out;
};

/** The other half of the spectrum of a real signal: conjugates, in reverse. */
const mirror = (re: Float64Array, im: Float64Array, length: number): void => {
  for (let i = 1; i < length - i; i++) {
    re[length - i] = re[i] as number;
    im[length - i] = -(im[i] as number);
  }
};

/**
 * The sums in doubles: of element n and result k the angle is 2π times what n · k leaves of the length. One-sided, an inverse
 * counts twice what has a conjugate that is not there.
 */
const byProducts = (node: Node, b: Builder, x: Value, given: Value | null, axis: number): Value => {
  const { inverse, onesided } = kindOf(node);
  const dims = dimsOf(x) as readonly Dim[];
  const s = spelling(b, 'float64');
  const w = spelling(b, 'int64');
  const scalar = vector(b, []);
  const extent = b.op('Reshape', [
    b.op('Shape', [x], { start: attr.int(axis), end: attr.int(axis + 1) }),
    scalar,
  ]);
  const otherwise = inverse && onesided ? w.mul(w.sub(extent, 1), 2) : extent;
  const length = given ? b.op('Reshape', [cast(b, given, 'int64'), scalar]) : otherwise;
  const half = w.add(w.div(length, 2), 1);
  const range = (count: Value): Value => b.op('Range', [w.number(0), count, w.number(1)]);
  const [n, k] = [range(extent), range(onesided && !inverse ? half : length)];
  const column = b.op('Unsqueeze', [n, vector(b, [1])]);
  const turns = b.op('Mod', [w.mul(column, k), length]);
  const angle = s.div(s.mul(cast(b, turns, 'float64'), 2 * Math.PI), cast(b, length, 'float64'));
  const taken = b.op('Less', [column, inverse && onesided ? half : length]);
  const weigh = (wave: Value): Value => {
    const cut = s.mul(wave, cast(b, taken, 'float64'));
    if (!inverse) return cut;
    const mean = s.div(cut, cast(b, length, 'float64'));
    if (!onesided) return mean;
    const ends = b.op('Or', [
      b.op('Equal', [column, w.number(0)]),
      b.op('Equal', [w.mul(column, 2), length]),
    ]);
    return s.mul(mean, s.where(ends, 1, 2));
  };
  const [cosines, sines] = [weigh(s.one('Cos', angle)), weigh(s.one('Sin', angle))];
  // The signal's axis behind all others, and the parts apart.
  const rank = dims.length;
  const order = Array.from({ length: rank - 1 }, (_, i) => i).filter((i) => i !== axis);
  const part = (i: number): Value => {
    const one = b.op('Gather', [cast(b, x, 'float64'), number(b, 'int64', i)], { axis: attr.int(rank - 1) });
    return b.op('Transpose', [one], { perm: attr.ints([...order, axis]) });
  };
  const times = (v: Value, wave: Value): Value => b.op('MatMul', [v, wave]);
  const real = part(0);
  const imaginary = dims.at(-1) === 2 ? part(1) : undefined;
  const [re, im] = [times(real, cosines), times(real, sines)];
  // e^(-iφ), or e^(iφ) for the inverse.
  const sum = (first: Value, second: Value | undefined, plus: boolean): Value =>
    second ? b.op(plus ? 'Add' : 'Sub', [first, second]) : first;
  const outRe = sum(re, imaginary && times(imaginary, sines), !inverse);
  const signed = inverse ? im : s.one('Neg', im);
  const parts =
    inverse && onesided ? [outRe] : [outRe, sum(signed, imaginary && times(imaginary, cosines), true)];
  const last = vector(b, [rank - 1]);
  const both = b.op(
    'Concat',
    parts.map((p) => b.op('Unsqueeze', [p, last])),
    { axis: attr.int(rank - 1) },
  );
  const back = Array.from({ length: rank - 1 }, (_, i) => (i === axis ? rank - 2 : order.indexOf(i)));
  return b.op('Transpose', [both], { perm: attr.ints([...back, rank - 1]) });
};
