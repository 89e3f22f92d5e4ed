import type { Operator } from '../operator.ts';
import { numeric } from './constraints.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** A >= B, element by element; false where one is NaN. ONNX Operators, GreaterOrEqual. */
export const GreaterOrEqual: Operator = {
  domain: '',
  name: 'GreaterOrEqual',
  since: [12, 16],
  infer: inferElementwise(numeric, 'bool'),
  evaluate: evaluateBinary(
    (x, y) => x >= y,
    (x, y) => x >= y,
    'bool',
  ),
  lower: lowerTo('ge', 'bool'),
  rows: rowsEach,
};
