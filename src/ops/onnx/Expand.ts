import { isRefusal } from '../../ir/diagnostic.ts';
import { tensorType } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import type { Lowered } from '../../kernel/row.ts';
import { broadcast, broadcastIndex, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { ints, knownExtents, rowShape } from './axes.ts';
import { whereHeld } from './carriers.ts';
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
    tensorInput(node, 1, ['int64']);
    const shape = knownExtents(node, 1, known);
    const out = broadcastDims(dims, shape ?? null);
    return [tensorType(dtype, out === undefined ? refused(node, `it does not fit [${shape}]`) : out)];
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
  carriers: whereHeld,
  rows: (node) => rowsEach({ ...node, inputs: node.inputs.slice(0, 1) }),
};
