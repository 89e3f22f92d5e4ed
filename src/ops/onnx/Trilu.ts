import { attr, intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { numberOfDtype } from './constraints.ts';
import { finish } from './expansion.ts';
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
  express: (node, b) => {
    const [x, k] = node.inputs as readonly [Value, Value | null | undefined];
    const dims = dimsOf(x)?.slice(-2);
    if (!dims?.every((d): d is number => typeof d === 'number')) {
      return refuse('express/extent', 'before opset 14 the extents of the matrices must be known');
    }
    const [m = 0, n = 0] = dims;
    const row = b.constant(
      constant(
        'int64',
        Array.from({ length: m }, (_, i) => i),
        [m, 1],
      ),
    );
    const column = b.constant(
      constant(
        'int64',
        Array.from({ length: n }, (_, i) => i),
        [1, n],
      ),
    );
    const diagonal = k ? b.op('Add', [row, k]) : row;
    const upper = intOf(node, 'upper', 1) !== 0;
    const outside = b.op('Less', upper ? [column, diagonal] : [diagonal, column]);
    return finish(node, b, 'Where', [
      outside,
      b.op('Cast', [b.constant(constant('int32', [0], []))], {
        to: attr.int(numberOfDtype(tensorInput(node, 0).dtype)),
      }),
      x,
    ]);
  },
  carriers: whereHeld,
  rows: (node) => ((dimsOf(node.inputs[0])?.length ?? 0) > 2 ? 'each' : 'all'),
};
