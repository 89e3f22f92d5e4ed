/** Axes, and the shapes that operators give when they take some away, add or move them. */
import { intOf } from '../../ir/attributes.ts';
import type { Known } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Elements, elementsOf, smallDims } from '../../ir/elements.ts';
import type { Dim, Node, Value } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';

export type Dims = readonly Dim[] | null;

/** The shape that a value is known to have; null where its rank is not known, or it is no tensor. */
export const dimsOf = (v: Value | null | undefined): Dims => (v?.type.kind === 'tensor' ? v.type.dims : null);

/** An axis counted from the front; a located refusal outside `[-rank, rank)`. */
export const fromFront = (node: Node, axis: number, rank: number): number => {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    refused(node, `axis ${axis} is outside a tensor of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
};

/** The attribute `axis`, from the front. */
export const axisOf = (node: Node, rank: number, otherwise?: number): number =>
  fromFront(node, intOf(node, 'axis', otherwise), rank);

/** Axes from the front, ascending; one that stands twice is refused. */
export const axesFromFront = (node: Node, axes: readonly number[], rank: number): number[] => {
  const out = axes.map((a) => fromFront(node, a, rank)).sort((a, b) => a - b);
  if (out.some((a, i) => a === out[i - 1])) refused(node, `axes [${axes}] name an axis twice`);
  return out;
};

/** The numbers of input `i` where all are known: axes, sizes, scales. */
export const knownInts = (node: Node, i: number, known: Known): number[] | undefined => {
  const data = known(node.inputs[i]);
  if (data) return Array.from(data.read(0, data.count), Number);
  const elements = elementsOf(node.inputs[i], known);
  return elements?.every((e) => typeof e === 'number') ? ([...elements] as number[]) : undefined;
};

/** What is known of the elements of input `i`, a vector of extents; undefined where not even their number is. */
export const knownExtents = (node: Node, i: number, known: Known): Elements | undefined => {
  const elements = elementsOf(node.inputs[i], known);
  const length = smallDims(node.inputs[i])?.[0];
  return elements ?? (length === undefined ? undefined : new Array<null>(length).fill(null));
};

/** The integers of a tensor of indices. */
export const ints = (t: Tensor | null | undefined): number[] | undefined =>
  t ? Array.from(t.data as ArrayLike<number | bigint>, Number) : undefined;

/** Do the inputs from `first` on, axes and sizes and the like, have no rows? */
const still = (node: Node, first: number): boolean =>
  node.inputs.slice(first).every((v) => typeof dimsOf(v)?.[0] !== 'string');

/**
 * `rows` told from the types: rows stay rows where axis 0 has the same symbol before and after, and no other axis has
 * it. Right for operators that reorder nothing along an axis whose symbol they keep. The first `rowed` inputs may have
 * rows.
 */
export const rowsByType = (node: Node, rowed = 1): 'each' | 'all' => {
  const from = dimsOf(node.inputs[0]);
  const [rows] = from ?? [];
  if (typeof rows !== 'string' || from?.lastIndexOf(rows) !== 0 || !still(node, rowed)) return 'all';
  return node.outputs.every((v) => v === null || dimsOf(v)?.[0] === rows) ? 'each' : 'all';
};

/**
 * `rows` of an operator that works on each sample of a batch by itself: the batch, axis 0 of every input but those in
 * `still`, is rows, and no other axis is.
 */
export const rowsAreSamples = (node: Node, still: readonly number[] = []): 'each' | 'all' => {
  const rows = dimsOf(node.inputs[0])?.[0];
  if (typeof rows !== 'string') return 'all';
  const aligned = node.inputs.every((v, i) => {
    const dims = dimsOf(v);
    return v === null || (dims !== null && dims.lastIndexOf(rows) === (still.includes(i) ? -1 : 0));
  });
  return aligned ? 'each' : 'all';
};

/** `rows` of an operator that works along axes: rows stay rows where `axes` (null: not known) do not hold axis 0. */
export const rowsUnless = (node: Node, axes: readonly number[] | null | undefined): 'each' | 'all' => {
  const rank = dimsOf(node.inputs[0])?.length;
  if (!axes || rank === undefined || !still(node, 1)) return 'all';
  return axes.some((a) => a === 0 || a === -rank) ? 'all' : 'each';
};

/** The extents without the axes, or with 1 in their place. */
export const reduced = (dims: readonly Dim[], axes: readonly number[], keepdims: boolean): readonly Dim[] =>
  keepdims ? dims.map((d, i) => (axes.includes(i) ? 1 : d)) : dims.filter((_, i) => !axes.includes(i));

/** The extents of one row of output `i`, rows being axis 0: what is lowered has to know them. */
export const rowShape = (node: Node, i = 0): readonly number[] | Refusal => {
  const dims = dimsOf(node.outputs[i])?.slice(1);
  return dims?.every((d): d is number => typeof d === 'number')
    ? dims
    : refuse('ops/row-shape', `the shape of one row of '${node.outputs[i]?.name ?? ''}' is not known`);
};
