import { isTensor, sequence } from '../../tensor/datum.ts';
import { type Operator, refused } from '../operator.ts';
import { asTensor } from './bodies.ts';
import { asSequence, itemType, oneType, placeOf } from './sequences.ts';

/** The sequence with a tensor put in before a position: at the end where none is given. ONNX Operators, SequenceInsert. */
export const SequenceInsert: Operator = {
  domain: '',
  name: 'SequenceInsert',
  since: [11],
  infer: (node) => {
    const put = node.inputs[1]?.type ?? refused(node, 'input 1 is missing');
    return [{ kind: 'sequence', of: oneType(node, [itemType(node), put]) }];
  },
  apply: ([into, given, position], node) => {
    const { items } = asSequence(node, into);
    const put = asTensor(node, 'input 1', given);
    const odd = items.find((d) => !isTensor(d) || d.dtype !== put.dtype);
    if (odd) refused(node, `a ${put.dtype} tensor does not go into a sequence of others`);
    return [
      sequence(items.toSpliced(placeOf(node, position, items.length, items.length, items.length), 0, put)),
    ];
  },
};
