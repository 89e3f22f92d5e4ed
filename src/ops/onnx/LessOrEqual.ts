import type { Operator } from '../operator.ts';
import { numeric } from './constraints.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** A <= B, element by element; false where one is NaN. ONNX Operators, LessOrEqual. */
export const LessOrEqual: Operator = {
  domain: '',
  name: 'LessOrEqual',
  since: [12, 16],
  infer: inferElementwise(numeric, 'bool'),
  evaluate: evaluateBinary(
    (x, y) => x <= y,
    (x, y) => x <= y,
    'bool',
  ),
  lower: lowerTo('le', 'bool'),
  rows: rowsEach,
};
