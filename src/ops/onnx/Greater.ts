import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { compared } from './comparing.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided } from './expansion.ts';
import { isLess } from './symbols.ts';

/** A > B, element by element; false where one is NaN. ONNX Operators, Greater. */
export const Greater: readonly Operator[] = [
  {
    domain: '',
    name: 'Greater',
    since: [7, 9, 13],
    infer: inferElementwise(numeric, 'bool'),
    elements: pairedElements((a = null, b = null) => isLess(b, a)),
    evaluate: evaluateBinary(
      (x, y) => x > y,
      (x, y) => x > y,
      'bool',
    ),
    lower: lowerTo('gt', 'bool'),
    express: compared('Greater'),
    carriers: whereHeld,
    rows: rowsEach,
  },
  oneSided('Greater', [1], 'bool'),
];
