import {
  dataOfAttribute,
  floatOf,
  floatsOf,
  intOf,
  intsOf,
  stringOf,
  stringsOf,
} from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { constant, type Data } from '../../tensor/data.ts';
import { type Operator, refused } from '../operator.ts';

/** What the node's one attribute says. */
const value = (node: Node): Data => {
  const data = dataOfAttribute(node, 'value') ?? dataOfAttribute(node, 'sparse_value');
  if (data) return data;
  const has = (name: string) => node.attributes.has(name);
  if (has('value_float')) return constant('float32', [floatOf(node, 'value_float')], []);
  if (has('value_floats')) return constant('float32', floatsOf(node, 'value_floats') ?? []);
  if (has('value_int')) return constant('int64', [intOf(node, 'value_int')], []);
  if (has('value_ints')) return constant('int64', intsOf(node, 'value_ints') ?? []);
  if (has('value_string')) return constant('string', [stringOf(node, 'value_string')], []);
  if (has('value_strings')) return constant('string', stringsOf(node, 'value_strings') ?? []);
  return refused(node, 'it has no value');
};

/** A constant: it becomes a parameter of the graph. ONNX Operators, Constant. */
export const Constant: Operator = {
  domain: '',
  name: 'Constant',
  since: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25],
  infer: (node) => {
    const { dtype, dims } = value(node);
    return [tensorType(dtype, dims)];
  },
  constant: value,
  expand: (node, b) => [b.parameter(b.unique(node.outputs[0]?.name ?? 'const'), value(node))],
};
