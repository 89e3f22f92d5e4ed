import { sequence } from '../../tensor/datum.ts';
import type { Operator } from '../operator.ts';
import { asSequence, itemType, placeOf } from './sequences.ts';

/** The sequence without the item at a position: the last one where none is given. ONNX Operators, SequenceErase. */
export const SequenceErase: Operator = {
  domain: '',
  name: 'SequenceErase',
  since: [11],
  infer: (node) => [{ kind: 'sequence', of: itemType(node) }],
  apply: ([from, position], node) => {
    const { items } = asSequence(node, from);
    return [sequence(items.toSpliced(placeOf(node, position, items.length, items.length - 1, -1), 1))];
  },
};
