import type { Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { floats } from './constraints.ts';
import { cast } from './earlier.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { roundEven } from './rounding.ts';
import { spelling } from './spelling.ts';

/** The nearest integer, halves to the even one. ONNX Operators, Round. */
export const Round: Operator = {
  domain: '',
  name: 'Round',
  since: [11, 22],
  infer: inferElementwise(floats),
  elements: pairedElements(),
  evaluate: evaluateUnary(roundEven),
  lower: lowerTo('roundEven'),
  carriers: whereHeld,
  express: (node, b) => {
    // Before 11: up from the integer below where more than half is left, or half of an odd one; what becomes 0 keeps its sign.
    const { dtype } = tensorInput(node, 0);
    const wide = dtype === 'bfloat16' ? 'float32' : dtype;
    const s = spelling(b, wide);
    const x = cast(b, node.inputs[0] as Value, wide);
    const below = s.one('Floor', x);
    const left = s.sub(x, below);
    const odd = s.greater(s.sub(below, s.mul(s.one('Floor', s.mul(below, 0.5)), 2)), 0);
    const half = b.op('And', [b.op('Not', [s.less(left, 0.5)]), odd]);
    const near = s.where(b.op('Or', [s.greater(left, 0.5), half]), s.add(below, 1), below);
    const zero = b.op('Not', [s.greater(s.one('Abs', near), 0)]);
    return [cast(b, s.where(b.op('And', [zero, s.less(s.one('Abs', x), 1)]), s.mul(x, 0), near), dtype)];
  },
  rows: rowsEach,
};
