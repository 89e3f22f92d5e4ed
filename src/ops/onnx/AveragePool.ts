import { attr, intOf, intsOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { rounder } from '../../tensor/float.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { floats } from './constraints.ts';
import { cast } from './earlier.ts';
import { vector } from './expansion.ts';
import { pool, pooledType, windowed } from './pool.ts';
import { reshaped } from './spelling.ts';

/**
 * The mean of each window, its sum kept in doubles: of the elements in it, or with `count_include_pad` of the padding
 * too, as 0. What a last window under `ceil_mode` has beyond the padding never counts. ONNX Operators, AveragePool;
 * later versions brought attributes, and change nothing that was.
 */
export const AveragePool: Operator = {
  domain: '',
  name: 'AveragePool',
  since: [1, 7, 10, 11, 19, 22],
  infer: (node) => [pooledType(node, floats)],
  evaluate: ([x], node) => {
    const given = x as Tensor;
    const round = rounder(given.dtype);
    const withPadding = intOf(node, 'count_include_pad', 0) !== 0;
    let padded: Float64Array | undefined;
    let counted: Uint8Array | undefined;
    return [
      pool(node, given, (data, from, out, to, { base, taps, place, declared, ...layout }) => {
        padded ??= new Float64Array(layout.padded);
        counted ??= withPadding ? declared : occupied(place, layout.padded);
        for (let i = 0; i < place.length; i++) padded[place[i] as number] = data[from + i] as number;
        for (let o = 0; o < base.length; o++) {
          let [sum, count] = [0, 0];
          for (const t of taps) {
            const at = (base[o] as number) + t;
            count += counted[at] as number;
            sum += padded[at] as number;
          }
          out[to + o] = round(sum / count);
        }
      }),
    ];
  },
  express: (node, b, opsets) => {
    const opset = opsets.get('') ?? 0;
    const dilated = intsOf(node, 'dilations')?.some((d) => d !== 1) ?? false;
    const withPadding = intOf(node, 'count_include_pad', 0) !== 0;
    const lacking =
      (opset < 19 && dilated) ||
      (opset < 10 && intOf(node, 'ceil_mode', 0) !== 0) ||
      (opset < 7 && withPadding);
    if (!lacking) return undefined;
    // The windows are gathered, and their sums divided by how many elements count.
    const { dtype } = tensorInput(node, 0);
    const wide = dtype === 'float64' ? dtype : 'float32';
    const found = windowed(node, b, cast(b, node.inputs[0] as Value, wide), 0);
    if (isRefusal(found)) return found;
    const { base, taps, place, padded, declared, dims } = found.layout;
    const counted = withPadding ? declared : occupied(place, padded);
    const counts = Array.from(base, (from) => taps.reduce((n, t) => n + (counted[from + t] as number), 0));
    const sums = b.op('ReduceSum', [found.windows, vector(b, [3])], { keepdims: attr.int(0) });
    const means = b.op('Div', [sums, b.constant(constant(wide, counts))]);
    return [cast(b, reshaped(b, means, [0, 0, ...dims]), dtype)];
  },
  lower: () => refuse('onnx/no-row-form', 'pools have no form in the row language'),
  rows: () => 'each',
};

const occupied = (place: Int32Array, padded: number): Uint8Array => {
  const out = new Uint8Array(padded);
  for (const p of place) out[p] = 1;
  return out;
};
