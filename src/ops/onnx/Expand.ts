import { attr } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import type { Lowered } from '../../kernel/row.ts';
import { broadcast, broadcastIndex, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, ints, knownExtents, rowShape } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { cast } from './earlier.ts';
import { movedElements } from './elements.ts';
import { reindex, rowsEach } from './elementwise.ts';
import { finish, vector } from './expansion.ts';
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
  express: (node, b) => {
    // Before 8: an extent of 1 is repeated as often as the shape says.
    const [x, shape] = node.inputs as readonly [Value, Value];
    const [rank, asked] = [dimsOf(x)?.length, dimsOf(shape)?.[0]];
    if (rank === undefined || typeof asked !== 'number')
      return refuse('express/extent', 'before opset 8 the ranks must be known');
    const ones = (count: number): Value => vector(b, new Array<number>(count).fill(1));
    const missing = Math.max(0, asked - rank);
    const axes = Array.from({ length: missing }, (_, i) => i);
    const long = missing > 0 ? b.op('Unsqueeze', [x, vector(b, axes)]) : x;
    const wanted = rank > asked ? b.op('Concat', [ones(rank - asked), shape], { axis: attr.int(0) }) : shape;
    const own = dimsOf(long);
    const extents = own?.every((d) => typeof d === 'number') ? vector(b, own) : b.op('Shape', [long]);
    const alone = cast(b, b.op('Equal', [extents, ones(1)]), 'int64');
    const once = b.op('Sub', [ones(1), alone]);
    return finish(node, b, 'Tile', [long, b.op('Add', [b.op('Mul', [wanted, alone]), once])]);
  },
  rows: (node) => rowsEach({ ...node, inputs: node.inputs.slice(0, 1) }),
};
