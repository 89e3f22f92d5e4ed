import type { Operator } from '../operator.ts';
import { sum } from './arithmetic.ts';
import { whereWrapped } from './carriers.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';
import { plus } from './symbols.ts';

/** C = A + B, element by element; integers wrap. ONNX Operators, Add. */
export const Add: readonly Operator[] = [
  {
    domain: '',
    name: 'Add',
    since: [7, 13, 14],
    infer: inferElementwise(numeric),
    elements: pairedElements(plus),
    evaluate: evaluateBinary(sum, (x, y) => x + y),
    lower: lowerTo('add'),
    express: toOneSided,
    carriers: whereWrapped,
    rows: rowsEach,
  },
  oneSided('Add', [1, 6]),
];
