import type { Operator } from '../operator.ts';
import { digitwise } from './bits.ts';
import { integers } from './constraints.ts';
import { evaluateBinary, inferElementwise, rowsEach } from './elementwise.ts';

/** The bits that both have, element by element. ONNX Operators, BitwiseAnd. */
export const BitwiseAnd: Operator = {
  domain: '',
  name: 'BitwiseAnd',
  since: [18],
  infer: inferElementwise(integers),
  evaluate: evaluateBinary(
    (x, y) => x & y,
    (x, y) => x & y,
  ),
  express: digitwise('And'),
  rows: rowsEach,
};
