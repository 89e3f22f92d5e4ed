import { intOf, stringOf, stringsOf } from '../../ir/attributes.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { ML, rowsEach, wideInts } from './build.ts';
import { lookUp, type Mapping } from './LabelEncoder.ts';

/**
 * Strings to the integers beside them, or integers to the strings, as the input's dtype asks; the default where there
 * is none. ai.onnx.ml, CategoryMapper.
 */
export const CategoryMapper: Operator = {
  domain: ML,
  name: 'CategoryMapper',
  since: [1],
  infer: (node) => [tensorType(mapping(node).values.dtype, tensorInput(node, 0).dims)],
  expand: (node, b) => [lookUp(b, node.inputs[0] as Value, mapping(node))],
  rows: rowsEach,
};

const mapping = (node: Node): Mapping => {
  const strings = stringsOf(node, 'cats_strings') ?? [];
  const ints = wideInts(node, 'cats_int64s');
  if (strings.length !== ints.length) {
    refused(node, `cats_strings has ${strings.length} entries, cats_int64s ${ints.length}`);
  }
  return tensorInput(node, 0, ['string', 'int64']).dtype === 'string'
    ? {
        keys: constant('string', strings),
        values: constant('int64', ints),
        otherwise: constant('int64', [intOf(node, 'default_int64', -1)], []),
      }
    : {
        keys: constant('int64', ints),
        values: constant('string', strings),
        otherwise: constant('string', [stringOf(node, 'default_string', '_Unused')], []),
      };
};
