import type { Operator } from '../operator.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** y = e^x. ONNX Operators, Exp. */
export const Exp: Operator = {
  domain: '',
  name: 'Exp',
  since: [1, 6, 13],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.exp),
  lower: lowerTo('exp'),
  carriers: inDoubles,
  rows: rowsEach,
};
