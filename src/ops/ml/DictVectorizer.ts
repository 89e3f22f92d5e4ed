import { stringsOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { zeros } from '../../tensor/tensor.ts';
import { type Operator, refused } from '../operator.ts';
import { ML, wideInts } from './build.ts';
import { asMap, keyOf, keysOf, mapInput, valuesOf } from './maps.ts';

/** The keys that have a place, in order. */
const vocabulary = (node: Node): readonly (bigint | string)[] => {
  const words = stringsOf(node, 'string_vocabulary') ?? [];
  const numbers = wideInts(node, 'int64_vocabulary');
  if (words.length > 0 === numbers.length > 0) {
    refused(node, 'exactly one of string_vocabulary and int64_vocabulary must list the keys');
  }
  return (words.length > 0 ? words : numbers).map(keyOf);
};

/**
 * The values of a map, each at the place of its key in the vocabulary, as a vector; zero, or the empty string, where the map has no
 * such key, and a key that the vocabulary does not have is refused. ai.onnx.ml, DictVectorizer.
 */
export const DictVectorizer: Operator = {
  domain: ML,
  name: 'DictVectorizer',
  since: [1],
  infer: (node) => {
    const map = mapInput(node);
    const words = vocabulary(node);
    const key = typeof words[0] === 'string' ? 'string' : 'int64';
    if (map && map.key !== key) refused(node, `the keys are ${map.key}, the vocabulary ${key}`);
    return [map?.of.kind === 'tensor' ? tensorType(map.of.dtype, [words.length]) : { kind: 'unknown' }];
  },
  apply: ([given], node) => {
    const map = asMap(node, given);
    const type = node.outputs[0]?.type;
    const values = valuesOf(node, map, type?.kind === 'tensor' ? type.dtype : 'float32');
    const words = vocabulary(node);
    const place = new Map(words.map((w, i) => [w, i]));
    const out = zeros(values.dtype, [words.length]);
    keysOf(map).forEach((key, i) => {
      const at = place.get(key) ?? refused(node, `the key ${key} is not in the vocabulary`);
      (out.data as unknown[])[at] = values.data[i];
    });
    return [out];
  },
};
