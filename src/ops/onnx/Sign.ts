import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** 1, 0 or -1 as x is above, at or below 0; NaN stays. ONNX Operators, Sign. */
export const Sign: Operator = {
  domain: '',
  name: 'Sign',
  since: [9, 13],
  infer: inferElementwise(numeric),
  elements: pairedElements(),
  evaluate: evaluateUnary(Math.sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
  lower: lowerTo('sign'),
  carriers: whereHeld,
  rows: rowsEach,
};
