import { tensorType } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { attributesBut, finish } from './expansion.ts';

/** ScatterElements under its old name, deprecated with version 11. ONNX Operators, Scatter. */
export const Scatter: Operator = {
  domain: '',
  name: 'Scatter',
  since: [9, 11],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    return [tensorType(dtype, dims)];
  },
  expand: (node, b) => finish(node, b, 'ScatterElements', node.inputs, attributesBut(node, [])),
};
