import type { Operator } from '../operator.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';

/** Logic, element by element: true where both are. ONNX Operators, And. */
export const And: readonly Operator[] = [
  {
    domain: '',
    name: 'And',
    since: [7],
    infer: inferElementwise(['bool']),
    elements: pairedElements(),
    evaluate: evaluateBinary((x, y) => x !== 0 && y !== 0),
    lower: lowerTo('and'),
    express: toOneSided,
    rows: rowsEach,
  },
  oneSided('And', [1]),
];
