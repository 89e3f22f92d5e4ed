import type { Operator } from '../operator.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** true where x is NaN. Takes every float format. ONNX Operators, IsNaN. */
export const IsNaN: Operator = {
  domain: '',
  name: 'IsNaN',
  since: [9, 13, 20],
  infer: inferElementwise(undefined, 'bool'),
  elements: pairedElements(),
  evaluate: evaluateUnary(Number.isNaN, undefined, 'bool'),
  lower: lowerTo('isNaN', 'bool'),
  rows: rowsEach,
};
