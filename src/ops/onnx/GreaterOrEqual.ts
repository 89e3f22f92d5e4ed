import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { finish } from './expansion.ts';
import { isAtMost } from './symbols.ts';

/** A >= B, element by element; false where one is NaN. ONNX Operators, GreaterOrEqual. */
export const GreaterOrEqual: Operator = {
  domain: '',
  name: 'GreaterOrEqual',
  since: [12, 16],
  infer: inferElementwise(numeric, 'bool'),
  elements: pairedElements((a = null, b = null) => isAtMost(b, a)),
  evaluate: evaluateBinary(
    (x, y) => x >= y,
    (x, y) => x >= y,
    'bool',
  ),
  lower: lowerTo('ge', 'bool'),
  carriers: whereHeld,
  express: (node, b) => finish(node, b, 'Or', [b.op('Greater', node.inputs), b.op('Equal', node.inputs)]),
  rows: rowsEach,
};
