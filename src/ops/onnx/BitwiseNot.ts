import type { Operator } from '../operator.ts';
import { integers } from './constraints.ts';
import { evaluateUnary, inferElementwise, rowsEach } from './elementwise.ts';

/** Every bit the other way. ONNX Operators, BitwiseNot. */
export const BitwiseNot: Operator = {
  domain: '',
  name: 'BitwiseNot',
  since: [18],
  infer: inferElementwise(integers),
  evaluate: evaluateUnary(
    (x) => ~x,
    (x) => ~x,
  ),
  rows: rowsEach,
};
