import type { Lowered } from '../../kernel/row.ts';
import type { Operator } from '../operator.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { evaluateUnary, inferElementwise, rowsEach } from './elementwise.ts';

/** y = 1 / x. ONNX Operators, Reciprocal. */
export const Reciprocal: Operator = {
  domain: '',
  name: 'Reciprocal',
  since: [1, 6, 13],
  infer: inferElementwise(floats),
  elements: pairedElements(),
  evaluate: evaluateUnary((x) => 1 / x),
  lower: (_, inputs) => {
    const { dtype, dims, element } = inputs[0] as Lowered;
    return [
      {
        dtype,
        dims,
        element: (i) => ({
          k: 'apply',
          fn: 'div',
          dtype,
          args: [{ k: 'const', dtype, value: 1 }, element(i)],
        }),
      },
    ];
  },
  carriers: inDoubles,
  rows: rowsEach,
};
