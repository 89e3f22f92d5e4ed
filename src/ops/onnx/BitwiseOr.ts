import type { Operator } from '../operator.ts';
import { digitwise } from './bits.ts';
import { integers } from './constraints.ts';
import { evaluateBinary, inferElementwise, rowsEach } from './elementwise.ts';

/** The bits that one of them has, element by element. ONNX Operators, BitwiseOr. */
export const BitwiseOr: Operator = {
  domain: '',
  name: 'BitwiseOr',
  since: [18],
  infer: inferElementwise(integers),
  evaluate: evaluateBinary(
    (x, y) => x | y,
    (x, y) => x | y,
  ),
  express: digitwise('Or'),
  rows: rowsEach,
};
