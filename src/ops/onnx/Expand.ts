import { isRefusal } from '../../ir/diagnostic.ts';
import { type Dim, tensorType } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import type { Lowered } from '../../kernel/row.ts';
import { broadcast, broadcastIndex, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { ints, knownInts, rowShape } from './axes.ts';
import { movedElements } from './elements.ts';
import { reindex, rowsEach } from './elementwise.ts';
import { take } from './take.ts';

/** The input broadcast together with a shape. ONNX Operators, Expand. */
export const Expand: Operator = {
  domain: '',
  name: 'Expand',
  since: [8, 13],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0);
    const shape = knownInts(node, 1, known) ?? known.elements?.(node.inputs[1]);
    if (shape) {
      const out = broadcastDims(dims, shape);
      return [tensorType(dtype, out === undefined ? refused(node, `it does not fit [${shape}]`) : out)];
    }
    const [rank] = tensorInput(node, 1, ['int64']).dims ?? [];
    if (dims === null || typeof rank !== 'number') return [tensorType(dtype, null)];
    // Where the input has more than one element along an axis, so has the result.
    const out: Dim[] = new Array<null>(Math.max(rank, dims.length)).fill(null);
    dims.forEach((d, i) => {
      if (typeof d === 'number' && d !== 1) out[out.length - dims.length + i] = d;
    });
    return [tensorType(dtype, out)];
  },
  elements: movedElements(0),
  evaluate: ([x, shape], node) => {
    const t = x as Tensor;
    const asked = ints(shape) ?? [];
    const dims = broadcast(t.dims, asked) ?? refused(node, `[${t.dims}] does not fit [${asked}]`);
    const index = broadcastIndex(t.dims, dims);
    return [index ? take(t, dims, index) : t];
  },
  lower: (node, inputs) => {
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const x = inputs[0] as Lowered;
    return [{ dtype: x.dtype, dims, element: (index) => x.element(reindex(x.dims, dims, index)) }];
  },
  rows: (node) => rowsEach({ ...node, inputs: node.inputs.slice(0, 1) }),
};
