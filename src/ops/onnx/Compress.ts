import { tensorType, type Value } from '../../ir/model.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, knownInts } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { attributesBut, finish } from './expansion.ts';
import { reshaped } from './spelling.ts';
import { copy } from './take.ts';

/** The slices along an axis (without one: the elements) for which the condition is true. ONNX Operators, Compress. */
export const Compress: Operator = {
  domain: '',
  name: 'Compress',
  since: [9, 11, 28],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0);
    tensorInput(node, 1, ['bool']);
    const chosen = knownInts(node, 1, known)?.filter((c) => c !== 0).length ?? null;
    if (!node.attributes.has('axis')) return [tensorType(dtype, [chosen])];
    return [tensorType(dtype, dims === null ? null : dims.with(axisOf(node, dims.length), chosen))];
  },
  evaluate: (inputs, node) => {
    const [x, when] = inputs as readonly [Tensor, Tensor];
    const given = node.attributes.has('axis') ? x : { ...x, dims: [countOf(x.dims)] };
    const axis = node.attributes.has('axis') ? axisOf(node, x.dims.length) : 0;
    const extent = given.dims[axis] as number;
    const chosen = Array.from(when.data as Uint8Array, (c, i) => (c ? i : -1)).filter((i) => i >= 0);
    const outside = chosen.find((i) => i >= extent);
    if (outside !== undefined) refused(node, `the condition chooses slice ${outside} of ${extent}`);
    const inner = countOf(given.dims.slice(axis + 1));
    const outer = countOf(given.dims.slice(0, axis));
    const out = zeros(x.dtype, given.dims.with(axis, chosen.length));
    let to = 0;
    for (let o = 0; o < outer; o++) {
      for (const i of chosen) {
        copy(out, to, given, (o * extent + i) * inner, inner);
        to += inner;
      }
    }
    return [out];
  },
  express: (node, b, opsets) => {
    // Before 9: the slices at the places that are not zero.
    if ((opsets.get('') ?? 0) >= 9) return undefined;
    const [x, when] = node.inputs as readonly [Value, Value];
    const places = reshaped(b, b.op('NonZero', [when]), [-1]);
    return node.attributes.has('axis')
      ? finish(node, b, 'Gather', [x, places], attributesBut(node, []))
      : finish(node, b, 'Gather', [reshaped(b, x, [-1]), places]);
  },
  carriers: whereHeld,
  rows: (node) => {
    const rank = dimsOf(node.inputs[0])?.length;
    const still = typeof dimsOf(node.inputs[1])?.[0] !== 'string';
    return rank !== undefined && still && node.attributes.has('axis') && axisOf(node, rank) !== 0
      ? 'each'
      : 'all';
  },
};
