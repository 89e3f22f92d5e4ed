import { stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { strides, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, knownInts, rowsByType } from './axes.ts';
import { indices } from './constraints.ts';
import { earlier } from './earlier.ts';
import { movedElements } from './elements.ts';
import { attributesBut } from './expansion.ts';
import { indicesFromFront } from './Gather.ts';
import { copyOf, meeting } from './meeting.ts';
import { walk } from './take.ts';

/**
 * A copy of `data` with elements replaced: each update goes to its own place, but along `axis` where its index says.
 * `reduction` says how it meets what stands there. ONNX Operators, ScatterElements.
 */
export const ScatterElements: Operator = {
  domain: '',
  name: 'ScatterElements',
  // Version 11 had no reductions, 16 no max and min.
  since: [11, 13, 16, 18],
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
    if (stringOf(node, 'reduction', 'none') !== 'none' || opset >= 11) return undefined;
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
