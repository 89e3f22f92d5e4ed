import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { floats } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { roundEven } from './rounding.ts';

/** The nearest integer, halves to the even one. ONNX Operators, Round. */
export const Round: Operator = {
  domain: '',
  name: 'Round',
  since: [11, 22],
  infer: inferElementwise(floats),
  elements: pairedElements(),
  evaluate: evaluateUnary(roundEven),
  lower: lowerTo('roundEven'),
  carriers: whereHeld,
  rows: rowsEach,
};
