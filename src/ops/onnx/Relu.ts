import type { Lowered } from '../../kernel/row.ts';
import { isBig } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { signedNumeric } from './constraints.ts';
import { evaluateUnary, inferElementwise, rowsEach } from './elementwise.ts';

/** y = max(0, x); NaN stays. ONNX Operators, Relu. */
export const Relu: Operator = {
  domain: '',
  name: 'Relu',
  since: [1, 6, 13, 14],
  infer: inferElementwise(signedNumeric),
  evaluate: evaluateUnary(
    (x) => Math.max(x, 0),
    (x) => (x > 0n ? x : 0n),
  ),
  lower: (_, inputs) => {
    const { dtype, dims, element } = inputs[0] as Lowered;
    return [
      {
        dtype,
        dims,
        element: (index) => ({
          k: 'apply',
          fn: 'max',
          dtype,
          args: [element(index), { k: 'const', dtype, value: isBig(dtype) ? 0n : 0 }],
        }),
      },
    ];
  },
  carriers: whereHeld,
  rows: rowsEach,
};
