import type { Operator } from '../operator.ts';
import { atan } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The arc tangent, in radians. ONNX Operators, Atan. */
export const Atan: Operator = {
  domain: '',
  name: 'Atan',
  since: [7, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.atan),
  lower: lowerTo('atan'),
  carriers: inDoubles,
  express: atan,
  rows: rowsEach,
};
