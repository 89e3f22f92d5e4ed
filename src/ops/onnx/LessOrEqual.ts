import type { Operator } from '../operator.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { isAtMost } from './symbols.ts';

/** A <= B, element by element; false where one is NaN. ONNX Operators, LessOrEqual. */
export const LessOrEqual: Operator = {
  domain: '',
  name: 'LessOrEqual',
  since: [12, 16],
  infer: inferElementwise(numeric, 'bool'),
  elements: pairedElements(isAtMost),
  evaluate: evaluateBinary(
    (x, y) => x <= y,
    (x, y) => x <= y,
    'bool',
  ),
  lower: lowerTo('le', 'bool'),
  rows: rowsEach,
};
