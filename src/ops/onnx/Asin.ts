import type { Operator } from '../operator.ts';
import { asin } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The arc sine, in radians. ONNX Operators, Asin. */
export const Asin: Operator = {
  domain: '',
  name: 'Asin',
  since: [7, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.asin),
  lower: lowerTo('asin'),
  carriers: inDoubles,
  express: asin,
  rows: rowsEach,
};
