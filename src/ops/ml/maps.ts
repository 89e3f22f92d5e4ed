/** The operators of ai.onnx.ml over maps: their types are known, their values are not computed. */
import { intsOf, stringOf, stringsOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, type Type, tensorType } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Operator, refused } from '../operator.ts';
import { ML } from './build.ts';
import { labelsOf } from './classLabels.ts';

const overMaps = (name: string, infer: Operator['infer']): Operator => ({
  domain: ML,
  name,
  since: [1],
  infer,
  expand: () => refuse('ml/map-values', 'maps are carried as types only; no value of one can be computed'),
});

/** A sequence of maps from class label to score. Readers take it off: its labels name the columns of its input. */
export const ZipMap = overMaps('ZipMap', (node) => [
  {
    kind: 'sequence',
    of: { kind: 'map', key: labelsOf(node, 'classlabels_int64s').dtype, of: tensorType('float32', []) },
  },
]);

const castTo = new Map<string, DType>([
  ['TO_FLOAT', 'float32'],
  ['TO_STRING', 'string'],
  ['TO_INT64', 'int64'],
]);

/** A map of int64 keys to a tensor `[1, entries]`, ordered by key. */
export const CastMap = overMaps('CastMap', (node) => {
  mapInput(node);
  const to = stringOf(node, 'cast_to', 'TO_FLOAT');
  return [tensorType(castTo.get(to) ?? refused(node, `cast_to is ${to}`), [1, null])];
});

/** A map to a tensor `[1, vocabulary]`, each value at the place of its key. */
export const DictVectorizer = overMaps('DictVectorizer', (node) => {
  const map = mapInput(node);
  const words = stringsOf(node, 'string_vocabulary') ?? intsOf(node, 'int64_vocabulary') ?? [];
  const dtype = map?.of.kind === 'tensor' ? map.of.dtype : 'float32';
  return [map ? tensorType(dtype, [1, words.length]) : { kind: 'unknown' }];
});

const mapInput = (node: Node): Extract<Type, { kind: 'map' }> | null => {
  const type = node.inputs[0]?.type;
  if (type?.kind === 'map') return type;
  return type?.kind === 'unknown' ? null : refused(node, 'input 0 is no map');
};
