import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { tensorType } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { rowShape } from './axes.ts';
import { floats } from './constraints.ts';
import { inferMatrices, multiply, rowsOfProduct } from './matrices.ts';
import { lowerProduct } from './product.ts';
import { intRow, whole } from './take.ts';

const dtypes = [...floats, 'int32', 'int64', 'uint32', 'uint64'] as const;

/** The product of the last two axes, the others broadcast (NumPy's matmul). ONNX Operators, MatMul. */
export const MatMul: Operator = {
  domain: '',
  name: 'MatMul',
  since: [1, 9, 13],
  infer: (node) => {
    const x = tensorInput(node, 0, dtypes);
    const y = tensorInput(node, 1, [x.dtype]);
    return [tensorType(x.dtype, inferMatrices(node, x.dims, y.dims))];
  },
  evaluate: ([x, y], node) => [multiply(node, x as Tensor, y as Tensor)],
  lower: (node, [x], to) => {
    const table = to.known(node.inputs[1]);
    if (!table || table.dims.length > 2) {
      return refuse('ops/matmul-constant', 'the right side is not a constant matrix');
    }
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const left = x as Lowered;
    const [k = 1, n = 1] = table.dims;
    const m = countOf(left.dims) / k;
    const element = lowerProduct(
      left.dtype,
      [m, k, n],
      (i, l) => left.element(intRow('add', intRow('mul', i, whole(k)), l)),
      (l, j) => ({ k: 'at', table, key: intRow('add', intRow('mul', l, whole(n)), j) }),
    );
    return [{ dtype: left.dtype, dims, element }];
  },
  rows: (node) => rowsOfProduct(node.inputs[0], node.inputs[1]),
};
