import type { Operator } from '../operator.ts';
import { cos } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The cosine of x radians. ONNX Operators, Cos. */
export const Cos: Operator = {
  domain: '',
  name: 'Cos',
  since: [7, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.cos),
  lower: lowerTo('cos'),
  carriers: inDoubles,
  express: cos,
  rows: rowsEach,
};
