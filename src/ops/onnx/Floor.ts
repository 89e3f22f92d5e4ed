import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { floats } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The nearest integer not above x. ONNX Operators, Floor. */
export const Floor: Operator = {
  domain: '',
  name: 'Floor',
  since: [1, 6, 13],
  infer: inferElementwise(floats),
  elements: pairedElements(),
  evaluate: evaluateUnary(Math.floor),
  lower: lowerTo('floor'),
  carriers: whereHeld,
  rows: rowsEach,
};
