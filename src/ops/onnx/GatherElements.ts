import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { strides, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, rowShape, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { indices } from './constraints.ts';
import { cast } from './earlier.ts';
import { movedElements } from './elements.ts';
import { finish } from './expansion.ts';
import { fromFrontRow, indicesFromFront } from './Gather.ts';
import { extents, fromTheFront, reshaped, spelling, whole as wholes } from './spelling.ts';
import { intRow, lookUp, take, walk, whole } from './take.ts';

/** For each element of the indices, the element of `data` at its own place, but at 0 along `axis`. */
const places = (dims: readonly number[], of: readonly number[], axis: number): Int32Array =>
  walk(dims, strides(of).with(axis, 0));

/** Elements of `data` beside the indices, except that along `axis` the index says where. ONNX Operators, GatherElements. */
export const GatherElements: Operator = {
  domain: '',
  name: 'GatherElements',
  since: [11, 13],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    const at = tensorInput(node, 1, indices);
    if (dims !== null && at.dims !== null && dims.length !== at.dims.length) {
      refused(node, `the data have rank ${dims.length}, the indices ${at.dims.length}`);
    }
    return [tensorType(dtype, at.dims)];
  },
  elements: movedElements(0),
  evaluate: (inputs, node) => {
    const [data, at] = inputs as readonly [Tensor, Tensor];
    const axis = axisOf(node, data.dims.length, 0);
    checkInside(node, at.dims, data.dims, axis);
    const step = strides(data.dims)[axis] as number;
    const index = indicesFromFront(node, at.data as Int32Array, data.dims[axis] as number);
    const place = places(at.dims, data.dims, axis);
    return [
      take(
        data,
        at.dims,
        place.map((p, i) => p + (index[i] as number) * step),
      ),
    ];
  },
  lower: (node, inputs) => {
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const [data, at] = inputs as readonly [Lowered, Lowered];
    const axis = axisOf(node, dims.length + 1, 0) - 1;
    const step = strides(data.dims)[axis] as number;
    const place = places(dims, data.dims, axis);
    const element = (index: Row): Row => {
      const key = fromFrontRow(at.element(index), at, data.dims[axis] as number);
      return data.element(intRow('add', lookUp(place, index), intRow('mul', key, whole(step))));
    };
    return [{ dtype: data.dtype, dims, element }];
  },
  express: (node, b, opsets) => {
    // Before 11: the places in the flat data.
    if ((opsets.get('') ?? 0) >= 11) return undefined;
    const [data, at] = node.inputs as readonly [Value, Value];
    const [own, dims] = [extents(data), extents(at)];
    if (isRefusal(own)) return own;
    if (isRefusal(dims)) return dims;
    const axis = axisOf(node, own.length, 0);
    const s = spelling(b, 'int64');
    const index = fromTheFront(b, cast(b, at, 'int64'), own[axis] as number);
    const place = s.add(s.mul(index, strides(own)[axis] as number), wholes(b, places(dims, own, axis), dims));
    return finish(node, b, 'Gather', [reshaped(b, data, [-1]), place]);
  },
  carriers: whereHeld,
  rows: (node) => (axisOf(node, dimsOf(node.inputs[0])?.length ?? 1, 0) === 0 ? 'all' : rowsByType(node, 2)),
};

const checkInside = (node: Node, dims: readonly number[], of: readonly number[], axis: number): void => {
  if (dims.length !== of.length || dims.some((d, i) => i !== axis && d > (of[i] as number))) {
    refused(node, `indices of shape [${dims}] reach outside data of shape [${of}]`);
  }
};
