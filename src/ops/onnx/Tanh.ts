import type { Operator } from '../operator.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The hyperbolic tangent. ONNX Operators, Tanh. */
export const Tanh: Operator = {
  domain: '',
  name: 'Tanh',
  since: [1, 6, 13],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.tanh),
  lower: lowerTo('tanh'),
  carriers: inDoubles,
  rows: rowsEach,
};
