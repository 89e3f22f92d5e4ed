import type { Operator } from '../operator.ts';
import { digitwise } from './bits.ts';
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
  express: digitwise('Xor'),
  rows: rowsEach,
};
