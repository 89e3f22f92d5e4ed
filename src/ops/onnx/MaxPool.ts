import { intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { floats } from './constraints.ts';
import { type Plane, pool, pooledType } from './pool.ts';

const dtypes: readonly DType[] = [...floats, 'int8', 'uint8'];

/**
 * The greatest element of each window, padding left out; the first of equal ones. `Indices` (from version 8 on) is its
 * place in X flattened, in row-major order, or column-major under `storage_order` 1. NaN is the greatest. ONNX
 * Operators, MaxPool; later versions brought dilations, ceil_mode and dtypes, and change nothing that was.
 */
export const MaxPool: Operator = {
  domain: '',
  name: 'MaxPool',
  since: [1, 8, 10, 11, 12, 22],
  infer: (node) => {
    const pooled = pooledType(node, dtypes);
    return node.outputs.length < 2 ? [pooled] : [pooled, tensorType('int64', pooled.dims)];
  },
  evaluate: ([x], node) => {
    const given = x as Tensor;
    const places: number[] = [];
    const pooled = pool(node, given, greatest(places));
    if (node.outputs.length < 2) return [pooled];
    return [pooled, tensor('int64', pooled.dims, indices(node, given.dims, places))];
  },
  lower: () => refuse('onnx/no-row-form', 'pools have no form in the row language'),
  carriers: whereHeld,
  rows: (node) => (node.outputs[1] ? 'all' : 'each'),
};

/** Pools a plane, and notes where in the data each result stands. */
const greatest = (places: number[]): Plane => {
  const held = { of: null as unknown, at: new Int32Array(0) };
  return (data, from, out, to, layout) => {
    // Where each place of the padded plane comes from; -1: from padding.
    if (held.of !== layout) {
      held.of = layout;
      held.at = new Int32Array(layout.padded).fill(-1);
      layout.place.forEach((p, i) => {
        held.at[p] = i;
      });
    }
    for (let o = 0; o < layout.base.length; o++) {
      let best = -1;
      for (const t of layout.taps) {
        const at = held.at[(layout.base[o] as number) + t] as number;
        if (at === -1) continue;
        const value = data[from + at] as number;
        const sofar = data[from + best] as number;
        if (best === -1 || value > sofar || (Number.isNaN(value) && !Number.isNaN(sofar))) best = at;
      }
      // A window over padding alone has no greatest element: the least number stands for it.
      out[to + o] = best === -1 ? -Infinity : (data[from + best] as number);
      places[to + o] = from + Math.max(best, 0);
    }
  };
};

/** Row-major places in X, or the same counted with the first spatial axis fastest. */
const indices = (node: Node, dims: readonly number[], places: readonly number[]): BigInt64Array => {
  if (intOf(node, 'storage_order', 0) === 0) return BigInt64Array.from(places, BigInt);
  const spatial = dims.slice(2);
  const size = countOf(spatial);
  return BigInt64Array.from(places, (place) => {
    let [rest, step, at] = [place % size, 1, 0];
    const index = new Array<number>(spatial.length);
    for (let i = spatial.length - 1; i >= 0; i--) {
      index[i] = rest % (spatial[i] as number);
      rest = Math.floor(rest / (spatial[i] as number));
    }
    spatial.forEach((d, i) => {
      at += (index[i] as number) * step;
      step *= d;
    });
    return BigInt(place - (place % size) + at);
  });
};
