import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import type { Data } from '../../tensor/data.ts';
import { isBig } from '../../tensor/dtype.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, knownInts, rowShape } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { indices } from './constraints.ts';
import { movedElements } from './elements.ts';
import { chooseRow, copy, intRow, take, takeRow, whole } from './take.ts';

/** Indices counted from the front; one outside `[-extent, extent)` is refused. */
export const indicesFromFront = (
  node: Node,
  given: ArrayLike<number | bigint>,
  extent: number,
): Int32Array => {
  const out = new Int32Array(given.length);
  for (let n = 0; n < out.length; n++) {
    const i = Number(given[n]);
    if (i < -extent || i >= extent) refused(node, `index ${i} is outside an axis of extent ${extent}`);
    out[n] = i < 0 ? i + extent : i;
  }
  return out;
};

/** A row index counted from the front, as int32. */
export const fromFrontRow = (index: Row, from: Lowered, extent: number): Row => {
  const i: Row = isBig(from.dtype) ? { k: 'apply', fn: 'cast', dtype: 'int32', args: [index] } : index;
  const negative: Row = { k: 'apply', fn: 'lt', dtype: 'bool', args: [i, whole(0)] };
  return chooseRow([negative], [intRow('add', i, whole(extent))], i);
};

/** Entries of a constant table, named by rows. */
const lowerTable = (table: Data, at: Lowered): readonly Lowered[] => {
  const [extent = 0, ...entry] = table.dims;
  const size = countOf(entry);
  return [
    {
      dtype: table.dtype,
      dims: [...at.dims, ...entry],
      element: (index) => {
        const key = fromFrontRow(at.element(intRow('div', index, whole(size))), at, extent);
        const inside = size === 1 ? whole(0) : intRow('mod', index, whole(size));
        return { k: 'at', table, key: intRow('add', intRow('mul', key, whole(size)), inside) };
      },
    },
  ];
};

/** Entries of `data` along `axis`, in the order and shape of the indices. ONNX Operators, Gather. */
export const Gather: Operator = {
  domain: '',
  name: 'Gather',
  since: [1, 11, 13],
  infer: (node) => {
    const data = tensorInput(node, 0);
    const at = tensorInput(node, 1, indices);
    if (data.dims === null || at.dims === null) return [tensorType(data.dtype, null)];
    const axis = axisOf(node, data.dims.length, 0);
    return [tensorType(data.dtype, data.dims.toSpliced(axis, 1, ...at.dims))];
  },
  elements: movedElements(0),
  evaluate: (inputs, node) => {
    const [data, at] = inputs as readonly [Tensor, Tensor];
    const axis = axisOf(node, data.dims.length, 0);
    const extent = data.dims[axis] as number;
    const inner = countOf(data.dims.slice(axis + 1));
    const outer = countOf(data.dims.slice(0, axis));
    const index = indicesFromFront(node, at.data as ArrayLike<number | bigint>, extent);
    const dims = data.dims.toSpliced(axis, 1, ...at.dims);
    if (inner === 1 && outer === 1) return [take(data, dims, index)];
    const out = zeros(data.dtype, dims);
    let to = 0;
    for (let o = 0; o < outer; o++) {
      for (const i of index) {
        copy(out, to, data, (o * extent + i) * inner, inner);
        to += inner;
      }
    }
    return [out];
  },
  lower: (node, [data, at], to) => {
    const rank = dimsOf(node.inputs[0])?.length ?? 0;
    const axis = axisOf(node, rank, 0);
    const table = to.known(node.inputs[0]);
    if (table && axis === 0) return lowerTable(table, at as Lowered);
    const index = knownInts(node, 1, to.known);
    if (!index || axis === 0) {
      return refuse('ops/gather-rows', 'neither the table nor the indices are constant within a row');
    }
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const x = data as Lowered;
    const extent = x.dims[axis - 1] as number;
    const inner = countOf(x.dims.slice(axis));
    const outer = countOf(x.dims.slice(0, axis - 1));
    const picked = indicesFromFront(node, index, extent);
    const map: number[] = [];
    for (let o = 0; o < outer; o++) {
      for (const i of picked) for (let n = 0; n < inner; n++) map.push((o * extent + i) * inner + n);
    }
    return [takeRow(x, dims, map)];
  },
  carriers: whereHeld,
  rows: (node) => {
    const [data, at] = node.inputs.map(dimsOf);
    if (!data || !at) return 'all';
    const rowsInIndex = typeof at[0] === 'string';
    return axisOf(node, data.length, 0) === 0
      ? rowsInIndex && typeof data[0] === 'number'
        ? 'each'
        : 'all'
      : rowsInIndex
        ? 'all'
        : 'each';
  },
};
