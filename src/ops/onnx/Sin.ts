import type { Operator } from '../operator.ts';
import { sin } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The sine of x radians. ONNX Operators, Sin. */
export const Sin: Operator = {
  domain: '',
  name: 'Sin',
  since: [7, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.sin),
  lower: lowerTo('sin'),
  carriers: inDoubles,
  express: sin,
  rows: rowsEach,
};
