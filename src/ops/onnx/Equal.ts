import type { Operator } from '../operator.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided } from './expansion.ts';

/** A = B, element by element; NaN equals nothing. Strings too. ONNX Operators, Equal. */
export const Equal: readonly Operator[] = [
  {
    domain: '',
    name: 'Equal',
    since: [7, 11, 13, 19],
    infer: inferElementwise(undefined, 'bool'),
    evaluate: evaluateBinary(
      (x, y) => x === y,
      (x, y) => x === y,
      'bool',
    ),
    lower: lowerTo('eq', 'bool'),
    rows: rowsEach,
  },
  oneSided('Equal', [1], 'bool'),
];
