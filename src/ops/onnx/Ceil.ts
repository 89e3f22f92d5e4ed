import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { floats } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The nearest integer not below x. ONNX Operators, Ceil. */
export const Ceil: Operator = {
  domain: '',
  name: 'Ceil',
  since: [1, 6, 13],
  infer: inferElementwise(floats),
  elements: pairedElements(),
  evaluate: evaluateUnary(Math.ceil),
  lower: lowerTo('ceil'),
  carriers: whereHeld,
  rows: rowsEach,
};
