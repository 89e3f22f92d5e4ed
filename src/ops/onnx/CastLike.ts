import { attr } from '../../ir/attributes.ts';
import { tensorType } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { numberOfDtype } from './constraints.ts';
import { rowsEach } from './elementwise.ts';
import { attributesBut, finish } from './expansion.ts';

/** Cast to the type of input 1, whose elements do not matter. ONNX Operators, CastLike. */
export const CastLike: Operator = {
  domain: '',
  name: 'CastLike',
  since: [15, 19, 21, 23, 24, 25],
  infer: (node) => [tensorType(tensorInput(node, 1).dtype, tensorInput(node, 0).dims)],
  expand: (node, b) =>
    finish(
      node,
      b,
      'Cast',
      node.inputs.slice(0, 1),
      attributesBut(node, [], { to: attr.int(numberOfDtype(tensorInput(node, 1).dtype)) }),
    ),
  rows: (node) => rowsEach({ ...node, inputs: node.inputs.slice(0, 1) }),
};
