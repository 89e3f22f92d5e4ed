import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** y = |x|; the lowest integer stays itself. ONNX Operators, Abs. */
export const Abs: Operator = {
  domain: '',
  name: 'Abs',
  since: [1, 6, 13],
  infer: inferElementwise(numeric),
  elements: pairedElements(),
  evaluate: evaluateUnary(Math.abs, (x) => (x < 0n ? -x : x)),
  lower: lowerTo('abs'),
  carriers: whereHeld,
  rows: rowsEach,
};
