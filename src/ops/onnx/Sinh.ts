import type { Operator } from '../operator.ts';
import { sinh } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The hyperbolic sine. ONNX Operators, Sinh. */
export const Sinh: Operator = {
  domain: '',
  name: 'Sinh',
  since: [9, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.sinh),
  lower: lowerTo('sinh'),
  carriers: inDoubles,
  express: sinh,
  rows: rowsEach,
};
