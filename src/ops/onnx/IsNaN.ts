import type { TensorType, Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { finish } from './expansion.ts';

/** true where x is NaN. Takes every float format. ONNX Operators, IsNaN. */
export const IsNaN: Operator = {
  domain: '',
  name: 'IsNaN',
  since: [9, 13, 20],
  infer: inferElementwise(undefined, 'bool'),
  elements: pairedElements(),
  evaluate: evaluateUnary(Number.isNaN, undefined, 'bool'),
  lower: lowerTo('isNaN', 'bool'),
  express: (node, b) => {
    const [x] = node.inputs as readonly [Value];
    const { dtype } = x.type as TensorType;
    if (dtype !== 'float32' && dtype !== 'float64') return undefined;
    // Only NaN is neither below Infinity nor above -Infinity.
    const infinity = b.constant(constant(dtype, [Infinity], []));
    const below = b.op('Less', [x, infinity]);
    return finish(node, b, 'Not', [b.op('Or', [below, b.op('Greater', [x, b.op('Neg', [infinity])])])]);
  },
  carriers: whereHeld,
  rows: rowsEach,
};
