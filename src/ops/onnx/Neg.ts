import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { signedNumeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** y = -x; integers wrap. ONNX Operators, Neg. */
export const Neg: Operator = {
  domain: '',
  name: 'Neg',
  since: [1, 6, 13],
  infer: inferElementwise(signedNumeric),
  elements: pairedElements(),
  evaluate: evaluateUnary(
    (x) => -x,
    (x) => -x,
  ),
  lower: lowerTo('neg'),
  carriers: whereHeld,
  rows: rowsEach,
};
