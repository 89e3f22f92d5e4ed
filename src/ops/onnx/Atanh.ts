import type { Operator } from '../operator.ts';
import { atanh } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The inverse hyperbolic tangent. ONNX Operators, Atanh. */
export const Atanh: Operator = {
  domain: '',
  name: 'Atanh',
  since: [9, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.atanh),
  lower: lowerTo('atanh'),
  carriers: inDoubles,
  express: atanh,
  rows: rowsEach,
};
