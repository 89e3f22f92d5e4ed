import type { Operator } from '../operator.ts';
import { asSequence, itemType, placeOf } from './sequences.ts';

/** The item at a position, which counts from the back where it is negative. ONNX Operators, SequenceAt. */
export const SequenceAt: Operator = {
  domain: '',
  name: 'SequenceAt',
  since: [11],
  infer: (node) => [itemType(node)],
  apply: ([sequence, position], node) => {
    const { items } = asSequence(node, sequence);
    return [items[placeOf(node, position, items.length, items.length - 1, Number.NaN)] ?? null];
  },
};
