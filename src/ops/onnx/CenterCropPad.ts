import { attr, intsOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { elementsOf } from '../../ir/elements.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { dtypeInfo } from '../../tensor/dtype.ts';
import { strides, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axesFromFront, dimsOf, ints, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { indices } from './constraints.ts';
import { finish, number, vector } from './expansion.ts';
import { asked } from './extents.ts';
import { walk } from './take.ts';

/**
 * The middle of the input where `shape` asks for less, zeros (empty strings) around it where it asks for more; of an odd
 * difference the greater part lies behind. ONNX Operators, CenterCropPad.
 */
export const CenterCropPad: Operator = {
  domain: '',
  name: 'CenterCropPad',
  since: [18],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0);
    const given = tensorInput(node, 1, indices);
    if (dims === null) return [tensorType(dtype, null)];
    const axes = axesOf(node, dims.length);
    const shape = elementsOf(node.inputs[1], known);
    const count = shape?.length ?? given.dims?.[0];
    if (typeof count === 'number' && count !== axes.length)
      refused(node, `shape has ${count} elements for ${axes.length} axes`);
    const symbols: readonly Dim[] | undefined = shape ?? known.elements?.(node.inputs[1]);
    return [tensorType(dtype, resized(dims, axes, symbols ?? axes.map(() => null)))];
  },
  evaluate: ([x, shape], node) => {
    const t = x as Tensor;
    const axes = axesOf(node, t.dims.length);
    const wanted = ints(shape) ?? [];
    if (wanted.length !== axes.length)
      refused(node, `shape has ${wanted.length} elements for ${axes.length} axes`);
    const dims = asked(node, resized(t.dims, axes, wanted) as number[]);
    const out = zeros(t.dtype, dims);
    const [own, other] = [strides(t.dims), strides(dims)];
    const both = dims.map((d, i) => Math.min(d, t.dims[i] as number));
    const before = (less: readonly number[], more: readonly number[], step: readonly number[]) =>
      less.reduce(
        (at, d, i) => at + Math.max(Math.floor(((more[i] as number) - d) / 2), 0) * (step[i] as number),
        0,
      );
    const from = walk(both, own, before(dims, t.dims, own));
    const to = walk(both, other, before(t.dims, dims, other));
    const { width } = dtypeInfo(t.dtype);
    for (let i = 0; i < from.length; i++) {
      for (let part = 0; part < width; part++)
        (out.data as unknown[])[(to[i] as number) * width + part] =
          t.data[(from[i] as number) * width + part];
    }
    return [out];
  },
  express: (node, b) => {
    const [x, shape] = node.inputs as readonly [Value, Value];
    const rank = dimsOf(x)?.length;
    if (rank === undefined) return refuse('ops/rank-needed', 'the rank of its input is not known');
    const axes = axesOf(node, rank);
    const whole = b.op('Cast', [shape], { to: attr.int(7) });
    const extents = b.op('Shape', [x]);
    const all = axes.every((a, i) => a === i) && axes.length === rank;
    // Every axis is said, so that no form needs axes of its own.
    const wanted = all
      ? whole
      : b.op('ScatterElements', [extents, vector(b, axes), whole], { axis: attr.int(0) });
    const two = number(b, 'int64', 2);
    const more = b.op('Sub', [b.op('Max', [extents, wanted]), extents]);
    const before = b.op('Div', [more, two]);
    const pads = b.op('Concat', [before, b.op('Sub', [more, before])], { axis: attr.int(0) });
    const padded = b.op('Pad', [x, pads]);
    const start = b.op('Div', [b.op('Sub', [b.op('Shape', [padded]), wanted]), two]);
    return finish(node, b, 'Slice', [padded, start, b.op('Add', [start, wanted])]);
  },
  carriers: whereHeld,
  rows: (node) => (axesOf(node, dimsOf(node.inputs[0])?.length ?? 0).includes(0) ? 'all' : rowsByType(node)),
};

/** The axes that `shape` speaks of, in its order. */
const axesOf = (node: Node, rank: number): readonly number[] => {
  const axes = intsOf(node, 'axes');
  if (!axes) return Array.from({ length: rank }, (_, i) => i);
  axesFromFront(node, axes, rank);
  return axes.map((a) => (a < 0 ? a + rank : a));
};

const resized = (dims: readonly Dim[], axes: readonly number[], shape: readonly Dim[]): readonly Dim[] =>
  dims.map((d, i) => (axes.includes(i) ? (shape[axes.indexOf(i)] ?? null) : d));
