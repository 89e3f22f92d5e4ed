import type { Operator } from '../operator.ts';
import { asinh } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The inverse hyperbolic sine. ONNX Operators, Asinh. */
export const Asinh: Operator = {
  domain: '',
  name: 'Asinh',
  since: [9, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.asinh),
  lower: lowerTo('asinh'),
  carriers: inDoubles,
  express: asinh,
  rows: rowsEach,
};
