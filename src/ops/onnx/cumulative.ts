/** The shape shared by CumSum and CumProd: what has come together along an axis up to each element. */

import { attr, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { Loop, Lowered, Row } from '../../kernel/row.ts';
import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { dimsOf, fromFront, knownInts, rowsUnless } from './axes.ts';
import { byAxis } from './byAxis.ts';
import { floats, indices } from './constraints.ts';
import { cast } from './earlier.ts';
import { computedElements } from './elements.ts';
import { attributesBut, number, vector } from './expansion.ts';
import { chooseRow, intRow, whole } from './take.ts';

/** One step on: from what has come together, and the next element. */
export interface Meeting {
  readonly start: 0 | 1;
  readonly operator: 'Add' | 'Mul';
  readonly number: (dtype: DType) => (x: number, y: number) => number;
  readonly big: (x: bigint, y: bigint) => bigint;
}

/** With the element itself, or without it under `exclusive`; from the end under `reverse`. Every step is rounded. */
export const cumulative = (name: string, since: readonly number[], meeting: Meeting): Operator => ({
  domain: '',
  name,
  since,
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0, [...floats, 'int32', 'int64', 'uint32', 'uint64']);
    tensorInput(node, 1, indices);
    if ((dimsOf(node.inputs[1])?.length ?? 0) > 1) refused(node, 'the axis is one number');
    const [axis] = knownInts(node, 1, known) ?? [];
    if (dims !== null && axis !== undefined) fromFront(node, axis, dims.length);
    return [tensorType(dtype, dims)];
  },
  elements: computedElements,
  express: (node, b, opsets) => {
    const [x, at] = node.inputs as readonly [Value, Value];
    const { dtype, dims } = tensorInput(node, 0);
    // Steps are kept in single precision at least, and rounded at the end.
    const wide = isFloat(dtype) && dtype !== 'float64' ? 'float32' : dtype;
    const given = cast(b, x, wide);
    if (b.version('', name, opsets.get(''))) {
      return wide === dtype ? undefined : [cast(b, b.op(name, [given, at], attributesBut(node, [])), dtype)];
    }
    if (dims === null) return refuse('express/extent', 'before its first version the rank must be known');
    const along = (around: Builder, axis: number) => scanned(node, around, given, axis, wide, meeting);
    return [cast(b, byAxis(node, b, 1, dims.length, along), dtype)];
  },
  evaluate: (inputs, node) => {
    const [x, at] = inputs as readonly [Tensor, Tensor];
    const axis = fromFront(node, Number(at.data[0]), x.dims.length);
    const [exclusive, reverse] = [intOf(node, 'exclusive', 0) !== 0, intOf(node, 'reverse', 0) !== 0];
    const extent = x.dims[axis] as number;
    const inner = countOf(x.dims.slice(axis + 1));
    const outer = countOf(x.dims.slice(0, axis));
    const out = zeros(x.dtype, x.dims);
    const along = isBig(x.dtype) ? bigs(meeting) : numbers(x.dtype, meeting);
    for (let o = 0; o < outer; o++) {
      for (let n = 0; n < inner; n++) {
        const first = o * extent * inner + n;
        const [from, step] = reverse ? [first + (extent - 1) * inner, -inner] : [first, inner];
        along(x.data as never, out.data as never, from, step, extent, exclusive);
      }
    }
    return [out];
  },
  lower: (node, inputs, to) => {
    const { start, operator } = meeting;
    const x = inputs[0] as Lowered;
    const [given] = knownInts(node, 1, to.known) ?? [];
    if (given === undefined) return refuse('ops/axis-constant', 'the axis is not constant');
    const axis = fromFront(node, given, x.dims.length + 1) - 1;
    const extent = x.dims[axis] as number;
    const inner = countOf(x.dims.slice(axis + 1));
    const [exclusive, reverse] = [intOf(node, 'exclusive', 0) !== 0, intOf(node, 'reverse', 0) !== 0];
    const nothing: Row = { k: 'const', dtype: x.dtype, value: isBig(x.dtype) ? BigInt(start) : start };
    const element = (index: Row): Row => {
      const at = intRow('mod', intRow('div', index, whole(inner)), whole(extent));
      const first = intRow('sub', index, intRow('mul', at, whole(inner)));
      const loop: Loop = { loop: true };
      const turn: Row = { k: 'index', loop };
      // Steps are taken in order, so from the end where it is reversed.
      const place = reverse ? intRow('sub', whole(extent - 1), turn) : turn;
      const [before, behind] = reverse ? [at, place] : [place, at];
      const counts: Row = { k: 'apply', fn: exclusive ? 'lt' : 'le', dtype: 'bool', args: [before, behind] };
      const own = x.element(intRow('add', first, intRow('mul', place, whole(inner))));
      return {
        k: 'fold',
        loop,
        over: extent,
        with: operator === 'Add' ? 'sum' : 'product',
        start: nothing,
        body: chooseRow([counts], [own], nothing),
        dtype: x.dtype,
        ordered: true,
      };
    };
    return [{ ...x, element }];
  },
  // An axis that is not known may be the rows'.
  rows: (node, known) => rowsUnless(node, known && knownInts(node, 1, known)),
});

type Along<T> = (x: T[], out: T[], from: number, step: number, extent: number, exclusive: boolean) => void;

/** One line of 64-bit integers, which wrap when they are stored. */
const bigs = ({ start, big }: Meeting): Along<bigint> => {
  return (x, out, from, step, extent, exclusive) => {
    let now = BigInt(start);
    for (let i = 0, k = from; i < extent; i++, k += step) {
      const before = now;
      now = BigInt.asUintN(64, big(now, x[k] as bigint));
      out[k] = exclusive ? before : now;
    }
  };
};

const numbers = (dtype: DType, { start, number }: Meeting): Along<number> => {
  const [meet, keep, round] = [number(dtype), stepRounder(dtype), rounder(dtype)];
  return (x, out, from, step, extent, exclusive) => {
    let now: number = start;
    for (let i = 0, k = from; i < extent; i++, k += step) {
      const before = now;
      now = keep(meet(now, x[k] as number));
      out[k] = round(exclusive ? before : now);
    }
  };
};

/** A Scan whose state is what has come together. */
const scanned = (
  node: Node,
  b: Builder,
  x: Value,
  axis: number,
  dtype: DType,
  { start, operator }: Meeting,
): Value => {
  const [exclusive, reverse] = [intOf(node, 'exclusive', 0), intOf(node, 'reverse', 0)];
  const dims = dimsOf(x) ?? [];
  const others = dims.toSpliced(axis, 1);
  const places = dims.map((_, i) => i).toSpliced(axis, 1);
  const shape = others.every((d) => typeof d === 'number')
    ? vector(b, others)
    : b.op('Gather', [b.op('Shape', [x]), vector(b, places)]);
  const began = b.op('Expand', [number(b, dtype, start), shape]);
  const inner = b.inner();
  const type = tensorType(dtype, others);
  const before = inner.input(inner.unique('before'), type);
  const element = inner.input(inner.unique('element'), type);
  const now = inner.op(operator, [before, element]);
  const body = inner.finish([now, inner.op('Identity', [exclusive ? before : now])]);
  const [, all] = b.call(['', 'Scan'], [began, x], {
    attributes: {
      body: attr.region(body),
      num_scan_inputs: attr.int(1),
      scan_input_axes: attr.ints([axis]),
      scan_output_axes: attr.ints([axis]),
      ...(reverse && { scan_input_directions: attr.ints([1]), scan_output_directions: attr.ints([1]) }),
    },
    outputs: [b.unique('all'), b.unique('each')],
  });
  return all as Value;
};
