import { attr, stringOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { isRefusal, type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { countOf, strides, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, knownInts, rowsByType } from './axes.ts';
import { indices } from './constraints.ts';
import { cast, earlier, type Said } from './earlier.ts';
import { movedElements } from './elements.ts';
import { attributesBut, finish, vector } from './expansion.ts';
import { indicesFromFront } from './Gather.ts';
import { copyOf, meeting } from './meeting.ts';
import { meets, oneByOne } from './scattering.ts';
import { counting, extents, fromTheFront, reshaped, spelling, whole } from './spelling.ts';
import { walk } from './take.ts';

/**
 * A copy of `data` with elements replaced: each update goes to its own place, but along `axis` where its index says.
 * `reduction` says how it meets what stands there. ONNX Operators, ScatterElements.
 */
const newest: Operator = {
  domain: '',
  name: 'ScatterElements',
  since: [18],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    tensorInput(node, 1, indices);
    tensorInput(node, 2, [dtype]);
    return [tensorType(dtype, dims)];
  },
  elements: movedElements(0, 2),
  evaluate: (inputs, node) => {
    const [data, at, updates] = inputs as readonly [Tensor, Tensor, Tensor];
    const axis = axisOf(node, data.dims.length, 0);
    if (
      at.dims.length !== data.dims.length ||
      at.dims.some((d, i) => d !== updates.dims[i] || (i !== axis && d > (data.dims[i] as number)))
    ) {
      refused(node, `indices [${at.dims}] and updates [${updates.dims}] do not fit data [${data.dims}]`);
    }
    const own = strides(data.dims);
    const step = own[axis] as number;
    const index = indicesFromFront(node, at.data as Int32Array, data.dims[axis] as number);
    const place = walk(at.dims, own.with(axis, 0));
    const meet = meeting(node, data.dtype);
    const out = copyOf(data);
    const to = out.data as unknown as unknown[];
    for (let i = 0; i < place.length; i++) {
      const k = (place[i] as number) + (index[i] as number) * step;
      to[k] = meet(to[k] as never, updates.data[i] as never);
    }
    return [out];
  },
  express: (node, b, opsets) => {
    const opset = opsets.get('') ?? 0;
    const reduction = stringOf(node, 'reduction', 'none');
    if (opset >= 16 && ['none', 'add', 'mul'].includes(reduction)) {
      return earlier(node, b, opsets, node.inputs, attributesBut(node, []));
    }
    if (reduction !== 'none') return met(node, b, meets.get(reduction) as string);
    if (opset >= 11) return earlier(node, b, opsets, node.inputs, attributesBut(node, ['reduction']));
    if (opset < 9) return looked(node, b);
    // Before 11 it was Scatter, which does not say what a negative index is.
    const [x, at, updates] = node.inputs as readonly [Value, Value, Value];
    const dims = dimsOf(x);
    const extent = dims?.[axisOf(node, dims.length, 0)];
    const dtype = tensorInput(node, 1).dtype;
    const known = knownInts(node, 1, b.known);
    if (known?.every((i) => i >= 0))
      return earlier(node, b, opsets, node.inputs, attributesBut(node, ['reduction']), 'Scatter');
    if (typeof extent !== 'number')
      return refuse('express/extent', 'before opset 11 a negative index needs a known extent');
    const negative = b.op('Less', [at, b.constant(constant(dtype, [0], []))]);
    const counted = b.op('Where', [
      negative,
      b.op('Add', [at, b.constant(constant(dtype, [extent], []))]),
      at,
    ]);
    return earlier(node, b, opsets, [x, counted, updates], attributesBut(node, ['reduction']), 'Scatter');
  },
  rows: (node) => {
    const rows = dimsOf(node.inputs[0])?.[0];
    const aligned = node.inputs.every((v) => dimsOf(v)?.[0] === rows);
    return aligned && axisOf(node, dimsOf(node.inputs[0])?.length ?? 1, 0) !== 0
      ? rowsByType(node, 3)
      : 'all';
  },
};

/** The places in the flat data that the indices name, all extents being known. */
const flatPlaces = (node: Node, b: Builder): { place: Value; own: readonly number[] } | Refusal => {
  const [data, at] = node.inputs as readonly [Value, Value];
  const [own, dims] = [extents(data), extents(at)];
  if (isRefusal(own)) return own;
  if (isRefusal(dims)) return dims;
  const axis = axisOf(node, own.length, 0);
  const s = spelling(b, 'int64');
  const index = fromTheFront(b, cast(b, at, 'int64'), own[axis] as number);
  const step = strides(own)[axis] as number;
  const place = s.add(s.mul(index, step), whole(b, walk(dims, strides(own).with(axis, 0)), dims));
  return { own, place: reshaped(b, place, [-1]) };
};

/** A reduction that the opset does not know: one update after the other. */
const met = (node: Node, b: Builder, meet: string): Said => {
  const found = flatPlaces(node, b);
  if (isRefusal(found)) return found;
  const [data, , updates] = node.inputs as readonly [Value, Value, Value];
  const all = oneByOne(b, reshaped(b, data, [-1]), found.place, reshaped(b, updates, [-1]), meet);
  return finish(node, b, 'Reshape', [all, vector(b, found.own)]);
};

/** Before 9, where nothing scatters: each place looks whether an update names it, and takes the data or the update. */
const looked = (node: Node, b: Builder): Said => {
  const found = flatPlaces(node, b);
  if (isRefusal(found)) return found;
  const { own, place } = found;
  const [data, , updates] = node.inputs as readonly [Value, Value, Value];
  const count = countOf(own);
  const all = counting(b, [count]);
  const s = spelling(b, 'int64');
  const named = b.op('Equal', [reshaped(b, all, [count, 1]), place]);
  const numbers = cast(b, named, 'float32');
  const which = b.op('ArgMax', [numbers], { axis: attr.int(1), keepdims: attr.int(0) });
  const hit = cast(b, b.op('ReduceMax', [numbers, vector(b, [1])], { keepdims: attr.int(0) }), 'int64');
  const at = s.add(s.mul(s.sub(s.add(which, count), all), hit), all);
  const both = b.op('Concat', [reshaped(b, data, [-1]), reshaped(b, updates, [-1])], { axis: attr.int(0) });
  return finish(node, b, 'Reshape', [b.op('Gather', [both, at]), vector(b, own)]);
};

/** Version 11 had no reductions, 16 no max and min. */
export const ScatterElements: readonly Operator[] = [
  newest,
  {
    domain: '',
    name: 'ScatterElements',
    since: [11, 13, 16],
    infer: newest.infer,
    expand: (node, b) => finish(node, b, 'ScatterElements', node.inputs, attributesBut(node, [])),
    rows: (node) => newest.rows?.(node) ?? 'all',
  },
];
