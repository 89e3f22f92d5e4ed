import type { Operator } from '../operator.ts';
import { cosh } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The hyperbolic cosine. ONNX Operators, Cosh. */
export const Cosh: Operator = {
  domain: '',
  name: 'Cosh',
  since: [9, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.cosh),
  lower: lowerTo('cosh'),
  carriers: inDoubles,
  express: cosh,
  rows: rowsEach,
};
