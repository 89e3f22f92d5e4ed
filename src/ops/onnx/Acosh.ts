import type { Operator } from '../operator.ts';
import { acosh } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The inverse hyperbolic cosine; NaN below 1. ONNX Operators, Acosh. */
export const Acosh: Operator = {
  domain: '',
  name: 'Acosh',
  since: [9, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.acosh),
  lower: lowerTo('acosh'),
  carriers: inDoubles,
  express: acosh,
  rows: rowsEach,
};
