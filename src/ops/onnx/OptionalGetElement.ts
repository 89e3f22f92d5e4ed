import { isTensor } from '../../tensor/datum.ts';
import { type Operator, refused } from '../operator.ts';

/**
 * What an optional holds; from 18 on a tensor or a sequence is itself. An optional that holds nothing is refused.
 * ONNX Operators, OptionalGetElement.
 */
export const OptionalGetElement: Operator = {
  domain: '',
  name: 'OptionalGetElement',
  since: [15, 18, 28],
  infer: (node) => {
    const type = node.inputs[0]?.type ?? refused(node, 'input 0 is missing');
    return [type.kind === 'optional' ? type.of : type];
  },
  apply: ([x], node) => {
    if (!x) return refused(node, 'input 0 is missing');
    if (isTensor(x) || x.kind !== 'optional') return [x];
    return [x.value ?? refused(node, 'the optional holds nothing')];
  },
};
