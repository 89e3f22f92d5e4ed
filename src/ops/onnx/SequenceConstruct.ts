import { sequence } from '../../tensor/datum.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { asTensor } from './bodies.ts';
import { oneType } from './sequences.ts';

/** A sequence of the inputs, tensors of one dtype. ONNX Operators, SequenceConstruct. */
export const SequenceConstruct: Operator = {
  domain: '',
  name: 'SequenceConstruct',
  since: [11],
  infer: (node) => {
    if (node.inputs.length === 0) refused(node, 'it takes at least one input');
    return [
      {
        kind: 'sequence',
        of: oneType(
          node,
          node.inputs.map((_, i) => tensorInput(node, i)),
        ),
      },
    ];
  },
  apply: (inputs, node) => [sequence(inputs.map((d, i) => asTensor(node, `input ${i}`, d)))],
};
