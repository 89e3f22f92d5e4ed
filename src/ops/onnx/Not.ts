import type { Operator } from '../operator.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** true where x is false. ONNX Operators, Not. */
export const Not: Operator = {
  domain: '',
  name: 'Not',
  since: [1],
  infer: inferElementwise(['bool']),
  elements: pairedElements(),
  evaluate: evaluateUnary((x) => x === 0),
  lower: lowerTo('not'),
  rows: rowsEach,
};
