import { stringsOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { tensorType } from '../../ir/model.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';

/**
 * The partial derivatives of the tensor named `y` by those named `xs`, where these and those named `zs` have the values
 * given. ai.onnx.preview.training, Gradient 1. It names tensors of the graph around it instead of taking them, which no
 * other operator does; it is known and typed, and refused where it is to be evaluated or written in other operators.
 */
export const Gradient: Operator = {
  domain: 'ai.onnx.preview.training',
  name: 'Gradient',
  since: [1],
  infer: (node) => {
    const [xs, zs] = [stringsOf(node, 'xs') ?? [], stringsOf(node, 'zs') ?? []];
    if (xs.length === 0) refused(node, 'xs names no tensor');
    if (node.inputs.length !== xs.length + zs.length) {
      refused(node, `xs and zs name ${xs.length + zs.length} tensors, and ${node.inputs.length} are given`);
    }
    if (node.outputs.length > xs.length) refused(node, `there are ${xs.length} derivatives`);
    return xs.map((_, i) => {
      const { dtype, dims } = tensorInput(node, i, ['float16', 'float32', 'float64']);
      return tensorType(dtype, dims);
    });
  },
  expand: () =>
    refuse(
      'ops/gradient',
      'a derivative of the graph around the node is not computed; train the model first, and read the result',
    ),
};
