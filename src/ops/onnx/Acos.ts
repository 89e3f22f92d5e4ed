import type { Operator } from '../operator.ts';
import { acos } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The arc cosine, in radians. ONNX Operators, Acos. */
export const Acos: Operator = {
  domain: '',
  name: 'Acos',
  since: [7, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.acos),
  lower: lowerTo('acos'),
  carriers: inDoubles,
  express: acos,
  rows: rowsEach,
};
