import type { Operator } from '../operator.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';

/** Logic, element by element: true where one is, or both. ONNX Operators, Or. */
export const Or: readonly Operator[] = [
  {
    domain: '',
    name: 'Or',
    since: [7],
    infer: inferElementwise(['bool']),
    elements: pairedElements(),
    evaluate: evaluateBinary((x, y) => x !== 0 || y !== 0),
    lower: lowerTo('or'),
    express: toOneSided,
    rows: rowsEach,
  },
  oneSided('Or', [1]),
];
