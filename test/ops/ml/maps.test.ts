/** What the operators over maps refuse: each is a sentence of the specification that the suite of vectors cannot hold. */
import { expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Attribute, type Type, tensorType } from '../../../src/ir/model.ts';
import { operators } from '../../../src/ops/registry.ts';
import type { Datum } from '../../../src/tensor/datum.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { scalar, tensorOf } from '../../../src/tensor/tensor.ts';
import { modelOf } from '../models.ts';

const mapType = (key: 'int64' | 'string', value: DType): Type => ({
  kind: 'map',
  key,
  of: tensorType(value, []),
});

const map = (
  key: 'int64' | 'string',
  value: DType,
  entries: readonly (readonly [number | string, number])[],
): Datum => ({
  kind: 'map',
  keys: tensorOf(
    key,
    [entries.length],
    entries.map(([k]) => k),
  ),
  values: entries.map(([, v]) => scalar(value, v)),
});

const run = (op: string, type: Type, attributes: Record<string, Attribute>, given: Datum) => {
  const b = new Builder(operators);
  const y = b.op(['ai.onnx.ml', op], [b.input('X', type)], attributes, { output: 'Y' });
  return evaluator(modelOf(b.finish([y])))
    .evaluate(new Map([['X', given]]))
    .get('Y');
};

const sparse = { map_form: attr.string('SPARSE'), max_map: attr.int(3) };

test.each([
  ['CastMap', tensorType('float32', [2]), {}, scalar('float32', 0), /no map/],
  ['CastMap', mapType('string', 'float32'), {}, map('string', 'float32', []), /keys are string, not int64/],
  [
    'CastMap',
    mapType('int64', 'float32'),
    { cast_to: attr.string('TO_BOOL') },
    map('int64', 'float32', []),
    /cast_to is TO_BOOL/,
  ],
  // "the key cannot exceed the max_map-1 value"
  [
    'CastMap',
    mapType('int64', 'float32'),
    sparse,
    map('int64', 'float32', [[3, 1]]),
    /key 3 is outside of max_map, 3/,
  ],
  ['CastMap', mapType('int64', 'float32'), sparse, map('int64', 'float32', [[-1, 1]]), /key -1 is outside/],
  [
    'CastMap',
    mapType('int64', 'float32'),
    { ...sparse, max_map: attr.int(2 ** 40) },
    map('int64', 'float32', []),
    /at most/,
  ],
  // "All keys in the input dictionary must be present in the index mapping vector"
  [
    'DictVectorizer',
    mapType('string', 'int64'),
    { string_vocabulary: attr.strings(['a']) },
    map('string', 'int64', [['b', 1]]),
    /key b is not in the vocabulary/,
  ],
  [
    'DictVectorizer',
    mapType('int64', 'float32'),
    { string_vocabulary: attr.strings(['a']) },
    map('int64', 'float32', []),
    /keys are int64, the vocabulary string/,
  ],
  ['DictVectorizer', mapType('int64', 'float32'), {}, map('int64', 'float32', []), /exactly one of/],
  // "There must be as many columns as keys."
  [
    'ZipMap',
    tensorType('float32', ['N', 3]),
    { classlabels_int64s: attr.ints([0, 1]) },
    scalar('float32', 0),
    /2 labels for 3 columns/,
  ],
  [
    'ZipMap',
    tensorType('float32', null),
    { classlabels_int64s: attr.ints([0, 1]) },
    tensorOf('float32', [1, 3], [1, 2, 3]),
    /2 labels/,
  ],
  [
    'ZipMap',
    tensorType('float32', null),
    { classlabels_int64s: attr.ints([0, 0]) },
    tensorOf('float32', [1, 2], [1, 2]),
    /label stands twice/,
  ],
] as const)('%s refuses %o with %o', (op, type, attributes, given, why) => {
  expect(() => run(op, type, attributes, given)).toThrow(why);
});
