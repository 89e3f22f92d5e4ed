import type { Operator } from '../operator.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The natural logarithm; NaN below 0. ONNX Operators, Log. */
export const Log: Operator = {
  domain: '',
  name: 'Log',
  since: [1, 6, 13],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(Math.log),
  lower: lowerTo('log'),
  carriers: inDoubles,
  rows: rowsEach,
};
