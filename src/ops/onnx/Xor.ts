import type { Operator } from '../operator.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided } from './expansion.ts';

/** Logic, element by element: true where just one is. ONNX Operators, Xor. */
export const Xor: readonly Operator[] = [
  {
    domain: '',
    name: 'Xor',
    since: [7],
    infer: inferElementwise(['bool']),
    evaluate: evaluateBinary((x, y) => x !== y),
    lower: lowerTo('xor'),
    rows: rowsEach,
  },
  oneSided('Xor', [1]),
];
