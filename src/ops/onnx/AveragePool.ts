import { intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { rounder } from '../../tensor/float.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { floats } from './constraints.ts';
import { pool, pooledType } from './pool.ts';

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
  lower: () => refuse('onnx/no-row-form', 'pools have no form in the row language'),
  rows: () => 'each',
};

const occupied = (place: Int32Array, padded: number): Uint8Array => {
  const out = new Uint8Array(padded);
  for (const p of place) out[p] = 1;
  return out;
};
