import type { Operator } from '../operator.ts';
import { numeric } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** y = |x|; the lowest integer stays itself. ONNX Operators, Abs. */
export const Abs: Operator = {
  domain: '',
  name: 'Abs',
  since: [1, 6, 13],
  infer: inferElementwise(numeric),
  evaluate: evaluateUnary(Math.abs, (x) => (x < 0n ? -x : x)),
  lower: lowerTo('abs'),
  rows: rowsEach,
};
