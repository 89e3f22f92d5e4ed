import type { Operator } from '../operator.ts';
import { difference } from './arithmetic.ts';
import { whereWrapped } from './carriers.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';
import { minus } from './symbols.ts';

/** C = A - B, element by element; integers wrap. ONNX Operators, Sub. */
export const Sub: readonly Operator[] = [
  {
    domain: '',
    name: 'Sub',
    since: [7, 13, 14],
    infer: inferElementwise(numeric),
    elements: pairedElements(minus),
    evaluate: evaluateBinary(difference, (x, y) => x - y),
    lower: lowerTo('sub'),
    express: toOneSided,
    carriers: whereWrapped,
    rows: rowsEach,
  },
  oneSided('Sub', [1, 6]),
];
