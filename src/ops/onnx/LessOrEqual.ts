import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { finish } from './expansion.ts';
import { isAtMost } from './symbols.ts';

/** A <= B, element by element; false where one is NaN. ONNX Operators, LessOrEqual. */
export const LessOrEqual: Operator = {
  domain: '',
  name: 'LessOrEqual',
  since: [12, 16],
  infer: inferElementwise(numeric, 'bool'),
  elements: pairedElements(isAtMost),
  evaluate: evaluateBinary(
    (x, y) => x <= y,
    (x, y) => x <= y,
    'bool',
  ),
  lower: lowerTo('le', 'bool'),
  carriers: whereHeld,
  express: (node, b) => finish(node, b, 'Or', [b.op('Less', node.inputs), b.op('Equal', node.inputs)]),
  rows: rowsEach,
};
