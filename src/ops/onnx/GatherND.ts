import { intOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { countOf, strides, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { movedElements } from './elements.ts';
import { copy } from './take.ts';

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
