import type { Operator } from '../operator.ts';
import { tan } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The tangent of x radians. ONNX Operators, Tan. */
export const Tan: Operator = {
  domain: '',
  name: 'Tan',
  since: [7, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.tan),
  lower: lowerTo('tan'),
  carriers: inDoubles,
  express: tan,
  rows: rowsEach,
};
