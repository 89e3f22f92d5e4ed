import type { Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { cast } from './earlier.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { finish } from './expansion.ts';
import { spelling } from './spelling.ts';

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
  express: (node, b) => {
    // Before 9: 1 less 1, as it is above or below 0; a zero and NaN stay.
    const [x] = node.inputs as readonly [Value];
    const { dtype } = tensorInput(node, 0);
    const s = spelling(b, dtype);
    const [above, below] = [s.greater(x, 0), s.less(x, 0)];
    const sign = s.sub(cast(b, above, dtype), cast(b, below, dtype));
    return finish(node, b, 'Where', [b.op('Or', [above, below]), sign, x]);
  },
  rows: rowsEach,
};
