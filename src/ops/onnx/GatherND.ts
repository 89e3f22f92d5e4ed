import { attr, intOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { countOf, strides, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { movedElements } from './elements.ts';
import { finish, vector } from './expansion.ts';
import { extents, fromTheFront, reshaped, spelling, whole } from './spelling.ts';
import { copy, walk } from './take.ts';

/** Where the slice that a tuple of indices names begins: the tuple's indices are for the axes from `first` on. */
export const sliceStart = (
  node: Node,
  dims: readonly number[],
  own: readonly number[],
  tuple: ArrayLike<number | bigint>,
  at: number,
  width: number,
  first: number,
): number => {
  let start = 0;
  for (let i = 0; i < width; i++) {
    const extent = dims[first + i] as number;
    const index = Number(tuple[at + i]);
    if (index < -extent || index >= extent) {
      refused(node, `index ${index} is outside axis ${first + i} of extent ${extent}`);
    }
    start += (index < 0 ? index + extent : index) * (own[first + i] as number);
  }
  return start;
};

/** Slices of `data` that tuples of indices name, within batches of `batch_dims` leading axes. ONNX Operators, GatherND. */
export const GatherND: Operator = {
  domain: '',
  name: 'GatherND',
  // Version 11 had no batches.
  since: [11, 12, 13],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    const at = tensorInput(node, 1, ['int64']);
    const width = at.dims?.at(-1);
    if (dims === null || at.dims === null || typeof width !== 'number') return [tensorType(dtype, null)];
    const batch = intOf(node, 'batch_dims', 0);
    if (batch + width > dims.length)
      refused(node, `tuples of ${width} indices for data of rank ${dims.length}`);
    return [tensorType(dtype, [...at.dims.slice(0, -1), ...dims.slice(batch + width)])];
  },
  elements: movedElements(0),
  evaluate: (inputs, node) => {
    const [data, at] = inputs as readonly [Tensor, Tensor];
    const batch = intOf(node, 'batch_dims', 0);
    const width = at.dims.at(-1) as number;
    const own = strides(data.dims);
    const size = countOf(data.dims.slice(batch + width));
    const out = zeros(data.dtype, [...at.dims.slice(0, -1), ...data.dims.slice(batch + width)]);
    const tuples = countOf(at.dims.slice(0, -1));
    const perBatch = tuples / countOf(at.dims.slice(0, batch));
    const batchSize = countOf(data.dims.slice(batch));
    const index = at.data as BigInt64Array;
    for (let i = 0; i < tuples; i++) {
      const start = sliceStart(node, data.dims, own, index, i * width, width, batch);
      copy(out, i * size, data, Math.floor(i / perBatch) * batchSize + start, size);
    }
    return [out];
  },
  // With rows as a batch, row i of the result is of row i of both; else only the indices may have rows.
  express: (node, b, opsets) => {
    // Before 12 without batches, before 11 not at all: the places in the data with the axes that are named made one.
    const opset = opsets.get('') ?? 0;
    const batch = intOf(node, 'batch_dims', 0);
    if (opset >= 12 || (opset === 11 && batch === 0)) return undefined;
    const [data, at] = node.inputs as readonly [Value, Value];
    const [own, tuples] = [extents(data), extents(at)];
    if (isRefusal(own)) return own;
    if (isRefusal(tuples)) return tuples;
    const named = own.slice(0, batch + (tuples.at(-1) as number));
    const steps = strides(named);
    const s = spelling(b, 'int64');
    const index = fromTheFront(b, at, whole(b, named.slice(batch)));
    const terms = s.mul(index, whole(b, steps.slice(batch)));
    const place = b.op('ReduceSum', [terms, vector(b, [-1])], { keepdims: attr.int(0) });
    const batches = walk(tuples.slice(0, batch), steps.slice(0, batch));
    const ones = tuples.slice(batch, -1).map(() => 1);
    const flat = reshaped(b, data, [countOf(named), ...own.slice(named.length)]);
    return finish(node, b, 'Gather', [
      flat,
      s.add(place, whole(b, batches, [...tuples.slice(0, batch), ...ones])),
    ]);
  },
  carriers: whereHeld,
  rows: (node) => {
    const [data, at] = node.inputs.map(dimsOf);
    if (!data || !at || at.length === 0) return 'all';
    return intOf(node, 'batch_dims', 0) > 0
      ? data[0] === at[0]
        ? 'each'
        : 'all'
      : data.every((d) => typeof d === 'number') && at.length > 1
        ? 'each'
        : 'all';
  },
};
