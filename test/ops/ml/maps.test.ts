/** The operators over maps: typed, and refused by name where a value is asked for. */
import { expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { isRefusal } from '../../../src/ir/diagnostic.ts';
import { type Attribute, type Node, type Type, tensorType } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { find, operators } from '../../../src/ops/registry.ts';

const mapOf = (key: 'int64' | 'string', value: 'float32' | 'string' | 'int64'): Type => ({
  kind: 'map',
  key,
  of: tensorType(value, []),
});

const nodeOf = (op: string, input: Type, attributes: Record<string, Attribute>): Node => {
  const b = new Builder(operators);
  b.op(['ai.onnx.ml', op], [b.input('X', input)], attributes);
  return b.finish([]).nodes[0] as Node;
};

test.each([
  [
    'ZipMap',
    tensorType('float32', ['N', 2]),
    { classlabels_strings: attr.strings(['a', 'b']) },
    'seq(map(string, float32[]))',
  ],
  [
    'ZipMap',
    tensorType('float32', ['N', 2]),
    { classlabels_int64s: attr.ints([0, 1]) },
    'seq(map(int64, float32[]))',
  ],
  ['CastMap', mapOf('int64', 'float32'), {}, 'float32[1, ?]'],
  ['CastMap', mapOf('int64', 'string'), { cast_to: attr.string('TO_INT64') }, 'int64[1, ?]'],
  [
    'DictVectorizer',
    mapOf('string', 'int64'),
    { string_vocabulary: attr.strings(['a', 'c']) },
    'int64[1, 2]',
  ],
] as const)('%s of %o', (op, input, attributes, type) => {
  const node = nodeOf(op, input, attributes);
  expect(formatType(node.outputs[0]?.type as Type)).toBe(type);
  const result = find(node.op)?.expand?.(node, new Builder(operators));
  expect(isRefusal(result) && result.rule).toBe('ml/map-values');
});

test('a tensor is no map', () => {
  expect(() => nodeOf('CastMap', tensorType('float32', [2]), {})).toThrow(/is no map/);
});
