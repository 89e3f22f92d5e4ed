import type { Operator } from '../operator.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The square root; NaN below 0. ONNX Operators, Sqrt. */
export const Sqrt: Operator = {
  domain: '',
  name: 'Sqrt',
  since: [1, 6, 13],
  infer: inferElementwise(floats),
  elements: pairedElements(),
  evaluate: evaluateUnary(Math.sqrt),
  lower: lowerTo('sqrt'),
  carriers: inDoubles,
  rows: rowsEach,
};
