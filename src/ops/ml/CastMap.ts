import { intOf, stringOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { tensorOf, zeros } from '../../tensor/tensor.ts';
import { cast } from '../onnx/conversion.ts';
import { type Operator, refused } from '../operator.ts';
import { ML } from './build.ts';
import { asMap, keysOf, mapInput, valuesOf } from './maps.ts';

const dtypes = new Map<string, DType>([
  ['TO_FLOAT', 'float32'],
  ['TO_STRING', 'string'],
  ['TO_INT64', 'int64'],
]);

const dtypeOf = (node: Node): DType => {
  const to = stringOf(node, 'cast_to', 'TO_FLOAT');
  return dtypes.get(to) ?? refused(node, `cast_to is ${to}`);
};

/** Elements that a sparse result may have. */
const longest = 2 ** 28;

/** How many places a sparse result has; null for a dense one. */
const sparseLength = (node: Node): number | null => {
  const form = stringOf(node, 'map_form', 'DENSE');
  if (form === 'DENSE') return null;
  if (form !== 'SPARSE') refused(node, `map_form is ${form}`);
  const length = intOf(node, 'max_map', 1);
  return length >= 0 && length <= longest
    ? length
    : refused(node, `max_map is ${length}; it is at most ${longest}`);
};

/**
 * The values of a map from int64, cast as Cast does, in the order of their keys: `[1, entries]`. SPARSE: `[1, max_map]`, each at the
 * place that is its key, where a key beyond that is refused. ai.onnx.ml, CastMap.
 */
export const CastMap: Operator = {
  domain: ML,
  name: 'CastMap',
  since: [1],
  infer: (node) => {
    const map = mapInput(node);
    if (map && map.key !== 'int64') refused(node, `the keys are ${map.key}, not int64`);
    return [tensorType(dtypeOf(node), [1, sparseLength(node)])];
  },
  apply: ([given], node) => {
    const map = asMap(node, given);
    const to = dtypeOf(node);
    const length = sparseLength(node);
    const values = cast(valuesOf(node, map, 'float32'), to, { saturate: true, roundMode: 'up' });
    const keys = keysOf(map) as readonly bigint[];
    const order = [...keys.keys()].sort((a, b) => ((keys[a] as bigint) < (keys[b] as bigint) ? -1 : 1));
    const at = (i: number) => values.data[i] as number | bigint | string;
    if (length === null) return [tensorOf(to, [1, order.length], order.map(at))];
    const out = zeros(to, [1, length]);
    for (const i of order) {
      const key = Number(keys[i]);
      if (!(key >= 0 && key < length)) refused(node, `the key ${key} is outside of max_map, ${length}`);
      (out.data as unknown[])[key] = at(i);
    }
    return [out];
  },
};
