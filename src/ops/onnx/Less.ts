import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { compared } from './comparing.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided } from './expansion.ts';
import { isLess } from './symbols.ts';

/** A < B, element by element; false where one is NaN. ONNX Operators, Less. */
export const Less: readonly Operator[] = [
  {
    domain: '',
    name: 'Less',
    since: [7, 9, 13],
    infer: inferElementwise(numeric, 'bool'),
    elements: pairedElements(isLess),
    evaluate: evaluateBinary(
      (x, y) => x < y,
      (x, y) => x < y,
      'bool',
    ),
    lower: lowerTo('lt', 'bool'),
    express: compared('Less'),
    carriers: whereHeld,
    rows: rowsEach,
  },
  oneSided('Less', [1], 'bool'),
];
