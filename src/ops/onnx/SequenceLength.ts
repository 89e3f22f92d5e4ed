import { tensorType } from '../../ir/model.ts';
import { scalar } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { asSequence, itemType } from './sequences.ts';

/** How many items a sequence has. ONNX Operators, SequenceLength. */
export const SequenceLength: Operator = {
  domain: '',
  name: 'SequenceLength',
  since: [11],
  infer: (node) => {
    itemType(node);
    return [tensorType('int64', [])];
  },
  apply: ([of], node) => [scalar('int64', asSequence(node, of).items.length)],
};
