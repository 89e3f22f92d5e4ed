import { attr } from '../../ir/attributes.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { floats } from './constraints.ts';
import { attributesBut } from './expansion.ts';
import { inferLoss } from './loss.ts';

/**
 * NegativeLogLikelihoodLoss of the logarithm of Softmax over the classes, axis 1; that logarithm too, where it is asked
 * for. ONNX Operators, SoftmaxCrossEntropyLoss, and its function body.
 */
export const SoftmaxCrossEntropyLoss: Operator = {
  domain: '',
  name: 'SoftmaxCrossEntropyLoss',
  since: [12, 13],
  infer: (node) => {
    const scores = tensorInput(node, 0, floats);
    return [tensorType(scores.dtype, inferLoss(node)), scores];
  },
  expand: (node, b) => {
    const [scores, labels, weights = null] = node.inputs as readonly [Value, Value, Value | null | undefined];
    const logarithm = b.op('LogSoftmax', [scores], { axis: attr.int(1) });
    const loss = b.op(
      'NegativeLogLikelihoodLoss',
      weights ? [logarithm, labels, weights] : [logarithm, labels],
      attributesBut(node, []),
    );
    return [loss, logarithm];
  },
};
