import { constant } from '../../tensor/data.ts';
import { dtypeInfo, isBig } from '../../tensor/dtype.ts';
import { type Operator, tensorInput } from '../operator.ts';
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
  express: (node, b) => {
    // Before 18: from -1, which has all bits, or the greatest number without a sign.
    const { dtype } = tensorInput(node, 0);
    const all = dtype.startsWith('u') ? (1n << BigInt(dtypeInfo(dtype).bits)) - 1n : -1n;
    return [
      b.op('Sub', [
        b.constant(constant(dtype, [isBig(dtype) ? all : Number(all)], [])),
        node.inputs[0] ?? null,
      ]),
    ];
  },
  rows: rowsEach,
};
