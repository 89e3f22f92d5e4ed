import type { Operator } from '../operator.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';

/** Logic, element by element: true where just one is. ONNX Operators, Xor. */
export const Xor: readonly Operator[] = [
  {
    domain: '',
    name: 'Xor',
    since: [7],
    infer: inferElementwise(['bool']),
    elements: pairedElements(),
    evaluate: evaluateBinary((x, y) => x !== y),
    lower: lowerTo('xor'),
    express: toOneSided,
    rows: rowsEach,
  },
  oneSided('Xor', [1]),
];
