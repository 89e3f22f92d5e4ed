import { intOf } from '../../ir/attributes.ts';
import { tensorType } from '../../ir/model.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { copy } from './take.ts';

/** The upper or lower triangle of matrices, zero elsewhere; `k` moves the diagonal up. ONNX Operators, Trilu. */
export const Trilu: Operator = {
  domain: '',
  name: 'Trilu',
  since: [14],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (dims !== null && dims.length < 2) refused(node, 'it takes matrices');
    if (node.inputs[1]) tensorInput(node, 1, ['int64']);
    return [tensorType(dtype, dims)];
  },
  evaluate: ([x, k], node) => {
    const t = x as Tensor;
    const diagonal = k ? Number((k as Tensor).data[0]) : 0;
    const upper = intOf(node, 'upper', 1) !== 0;
    const [m, n] = t.dims.slice(-2) as [number, number];
    const out = zeros(t.dtype, t.dims);
    const rows = countOf(t.dims.slice(0, -1));
    for (let row = 0; row < rows; row++) {
      // Columns `from` to `to` of this row are kept.
      const edge = (row % m) + diagonal;
      const [from, to] = upper
        ? [Math.min(Math.max(edge, 0), n), n]
        : [0, Math.min(Math.max(edge + 1, 0), n)];
      copy(out, row * n + from, t, row * n + from, to - from);
    }
    return [out];
  },
  rows: (node) => ((dimsOf(node.inputs[0])?.length ?? 0) > 2 ? 'each' : 'all'),
};
