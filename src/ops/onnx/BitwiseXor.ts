import type { Operator } from '../operator.ts';
import { integers } from './constraints.ts';
import { evaluateBinary, inferElementwise, rowsEach } from './elementwise.ts';

/** The bits that just one of them has, element by element. ONNX Operators, BitwiseXor. */
export const BitwiseXor: Operator = {
  domain: '',
  name: 'BitwiseXor',
  since: [18],
  infer: inferElementwise(integers),
  evaluate: evaluateBinary(
    (x, y) => x ^ y,
    (x, y) => x ^ y,
  ),
  rows: rowsEach,
};
