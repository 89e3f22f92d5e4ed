import { tensorType, type Value } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { cast } from './earlier.ts';
import { alongAxis, bytes, centred, toInt32 } from './integers.ts';
import { inferMatrices, multiply, rowsOfProduct } from './matrices.ts';
import { centredIn } from './quantizing.ts';

/**
 * The product of A − a_zero_point and B − b_zero_point, in int32. A has one zero point, or one a row; B one, or one a
 * column. ONNX Operators, MatMulInteger.
 */
export const MatMulInteger: Operator = {
  domain: '',
  name: 'MatMulInteger',
  since: [10],
  infer: (node) => {
    const a = tensorInput(node, 0, bytes);
    const b = tensorInput(node, 1, bytes);
    if (node.inputs[2]) tensorInput(node, 2, [a.dtype]);
    if (node.inputs[3]) tensorInput(node, 3, [b.dtype]);
    return [tensorType('int32', inferMatrices(node, a.dims, b.dims))];
  },
  evaluate: (inputs, node) => {
    const [a, b, aZero, bZero] = inputs as readonly [Tensor, Tensor, Tensor?, Tensor?];
    const perRow = aZero && alongAxis(aZero.dims, a.dims.length, a.dims.length - 2);
    return [toInt32(multiply(node, centred(node, a, aZero, perRow), centred(node, b, bZero)))];
  },
  express: (node, b, opsets) => {
    // Before 10: in doubles, where the sums are exact.
    if ((opsets.get('') ?? 0) >= 10) return undefined;
    const [x, y, xZero, yZero] = node.inputs as readonly [Value, Value, Value?, Value?];
    return [cast(b, b.op('MatMul', [centredIn(b, x, xZero, 1), centredIn(b, y, yZero)]), 'int32')];
  },
  rows: (node) => rowsOfProduct(node.inputs[0], node.inputs[1], node.inputs.slice(2)),
};
