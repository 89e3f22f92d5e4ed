import { attr, intOf, intsOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import type { DType } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { floats } from './constraints.ts';
import { vector } from './expansion.ts';
import { type Plane, pool, pooledType, windowed } from './pool.ts';
import { counting, reshaped, spelling, whole } from './spelling.ts';

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
  express: (node, b, opsets) => {
    const opset = opsets.get('') ?? 0;
    const places = node.outputs[1] ?? null;
    const dilated = intsOf(node, 'dilations')?.some((d) => d !== 1) ?? false;
    const lacking =
      (opset < 10 && (dilated || intOf(node, 'ceil_mode', 0) !== 0)) || (opset < 8 && places !== null);
    if (!lacking) return undefined;
    // The windows are gathered, and their greatest elements found.
    const [x] = node.inputs as readonly [Value];
    const { dtype, dims } = tensorInput(node, 0);
    const least = dtype === 'uint8' ? 0 : dtype === 'int8' ? -128 : -Infinity;
    const found = windowed(node, b, x, least);
    if (isRefusal(found)) return found;
    const { windows, layout } = found;
    const last = { keepdims: attr.int(0) };
    const shape = [0, 0, ...layout.dims];
    const most = reshaped(b, b.op('ReduceMax', [windows, vector(b, [3])], last), shape);
    if (!places) return [most];
    const [planes, channels] = dims ?? [];
    if (typeof planes !== 'number' || typeof channels !== 'number')
      return refuse('express/extent', 'before opset 8 places need all extents to be known');
    const spatial = dims?.slice(2) as readonly number[];
    const size = countOf(spatial);
    const own = indices(
      node,
      [1, 1, ...spatial],
      Array.from(found.places, (p) => Math.min(p, size - 1)),
    );
    const tap = b.op('ArgMax', [windows], { axis: attr.int(3), ...last });
    const w = spelling(b, 'int64');
    const windowStart = whole(
      b,
      Array.from(layout.base, (_, o) => o * layout.taps.length),
    );
    const place = b.op('Gather', [b.constant(constant('int64', own)), w.add(tap, windowStart)]);
    const planeStart = w.mul(counting(b, [planes * channels]), size);
    const inAll = w.add(place, reshaped(b, planeStart, [planes, channels, 1]));
    return [most, reshaped(b, inAll, shape)];
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
