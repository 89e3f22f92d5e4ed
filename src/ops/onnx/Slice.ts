import { attr, intsOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import { countOf, strides, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { fromFront, ints, knownExtents, knownInts, rowShape, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { indices } from './constraints.ts';
import { constantInts, earlier } from './earlier.ts';
import { movedElements } from './elements.ts';
import { finish, vector } from './expansion.ts';
import { take, takeRow, walk } from './take.ts';

/** D: what the numbers are while nothing runs, extents that may be symbols or not known. */
interface Cut<D extends Dim = number> {
  readonly start: D;
  readonly end: D;
  readonly step: D;
}

const everything = { start: 0, end: Infinity, step: 1 };

/** What is asked of each axis, before the extents are known. */
const cuts = <D extends Dim = number>(
  node: Node,
  rank: number,
  starts: readonly D[],
  ends: readonly D[],
  axes: readonly number[] = starts.map((_, i) => i),
  steps: readonly (D | number)[] = starts.map(() => 1),
): readonly Cut<D | number>[] => {
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    refused(node, 'starts, ends, axes and steps differ in length');
  }
  const out = new Array<Cut<D | number>>(rank).fill(everything);
  axes.forEach((axis, i) => {
    const step = steps[i] as D;
    if (step === 0) refused(node, 'a step is 0');
    out[fromFront(node, axis, rank)] = { start: starts[i] as D, end: ends[i] as D, step };
  });
  return out;
};

/** The first element taken along an axis, and how many are. */
const along = (extent: number, { start, end, step }: Cut): { from: number; count: number; step: number } => {
  const clamp = (at: number, low: number, high: number) =>
    Math.min(Math.max(at < 0 ? at + extent : at, low), high);
  const [from, to] =
    step > 0
      ? [clamp(start, 0, extent), clamp(end, 0, extent)]
      : [clamp(start, 0, extent - 1), clamp(end, -1, extent - 1)];
  return { from, count: Math.max(Math.ceil((to - from) / step), 0), step };
};

/** The largest extent that an array can have: an end beyond it is the end, whatever the extent is. */
const anyExtent = 2 ** 31 - 1;

const isKnown = (cut: Cut<Dim>): cut is Cut => Object.values(cut).every((n) => typeof n === 'number');

const sliced = (dims: readonly Dim[], asked: readonly Cut<Dim>[]): readonly Dim[] =>
  dims.map((d, i) => {
    const cut = asked[i] as Cut<Dim>;
    const { start, end, step } = cut;
    if (typeof d === 'number' && isKnown(cut)) return along(d, cut).count;
    // All of it, or nothing, whatever the extent is.
    const whole = (d !== null && end === d) || (typeof end === 'number' && end >= anyExtent);
    if (start === 0 && step === 1 && whole) return d;
    return start !== null && start === end ? 0 : null;
  });

/** Which elements are taken, and the shape that they make. */
const selection = (dims: readonly number[], asked: readonly Cut[]): { dims: number[]; index: Int32Array } => {
  const parts = dims.map((d, i) => along(d, asked[i] as Cut));
  const own = strides(dims);
  const out = parts.map((p) => p.count);
  const start = parts.reduce((at, p, i) => at + p.from * (own[i] as number), 0);
  return {
    dims: out,
    index: walk(
      out,
      parts.map((p, i) => p.step * (own[i] as number)),
      start,
    ),
  };
};

/** Version 1 said it all in attributes. */
const attributeCuts = (node: Node, rank: number): readonly Cut[] =>
  cuts(node, rank, intsOf(node, 'starts') ?? [], intsOf(node, 'ends') ?? [], intsOf(node, 'axes'));

/** A part of the input: along each axis from `start`, in steps, up to but not including `end`. ONNX Operators, Slice. */
export const Slice: readonly Operator[] = [
  {
    domain: '',
    name: 'Slice',
    since: [10, 11, 13],
    infer: (node, known) => {
      const { dtype, dims } = tensorInput(node, 0);
      for (const i of [1, 2]) tensorInput(node, i, indices);
      if (dims === null) return [tensorType(dtype, null)];
      const [starts, ends, steps] = [1, 2, 4].map((i) => knownExtents(node, i, known));
      const axes = knownInts(node, 3, known);
      if (!starts || !ends || (node.inputs[3] && !axes) || (node.inputs[4] && !steps)) {
        return [
          tensorType(
            dtype,
            dims.map(() => null),
          ),
        ];
      }
      return [tensorType(dtype, sliced(dims, cuts(node, dims.length, starts, ends, axes, steps)))];
    },
    elements: movedElements(0),
    evaluate: ([x, starts, ends, axes, steps], node) => {
      const t = x as Tensor;
      const asked = cuts(node, t.dims.length, ints(starts) ?? [], ints(ends) ?? [], ints(axes), ints(steps));
      const { dims, index } = selection(t.dims, asked);
      return [countOf(dims) === countOf(t.dims) && asked.every((c) => c.step > 0) ? t : take(t, dims, index)];
    },
    lower: (node, inputs, to) => {
      const [starts, ends, axes, steps] = [1, 2, 3, 4].map((i) => knownInts(node, i, to.known));
      if (!starts || !ends || (node.inputs[3] && !axes) || (node.inputs[4] && !steps)) {
        return refuse('ops/slice-constant', 'where the slice begins and ends is not constant');
      }
      const shape = rowShape(node);
      if (isRefusal(shape)) return shape;
      const x = inputs[0] as Lowered;
      const asked = cuts(node, x.dims.length + 1, starts, ends, axes, steps).slice(1);
      const { dims, index } = selection(x.dims, asked);
      return [takeRow(x, dims, index)];
    },
    carriers: whereHeld,
    express: (node, b, opsets) => {
      const [starts, ends, axes, steps] = [1, 2, 3, 4].map((i) => constantInts(node, b, i));
      const computed = [starts, ends, axes, steps].find(isRefusal);
      if (computed) return computed;
      const lists = { starts, ends, axes } as Record<string, readonly number[] | undefined>;
      if (Array.isArray(steps) && steps.some((s) => s !== 1)) {
        return refuse('express/attribute', 'before opset 10 it has no steps');
      }
      const given = Object.entries(lists).flatMap(([name, v]) => (v ? [[name, attr.ints(v)] as const] : []));
      return earlier(node, b, opsets, node.inputs.slice(0, 1), Object.fromEntries(given));
    },
    rows: (node) => rowsByType(node),
  },
  {
    domain: '',
    name: 'Slice',
    since: [1],
    infer: (node) => {
      const { dtype, dims } = tensorInput(node, 0);
      return [tensorType(dtype, dims && sliced(dims, attributeCuts(node, dims.length)))];
    },
    elements: (node, known) =>
      movedElements(0)(node, known, ([x]) => {
        const t = x as Tensor;
        const { dims, index } = selection(t.dims, attributeCuts(node, t.dims.length));
        return [take(t, dims, index)];
      }),
    expand: (node, b) => {
      const axes = intsOf(node, 'axes');
      return finish(node, b, 'Slice', [
        node.inputs[0] ?? null,
        vector(b, intsOf(node, 'starts') ?? []),
        vector(b, intsOf(node, 'ends') ?? []),
        ...(axes ? [vector(b, axes)] : []),
      ]);
    },
  },
];
