import { attr, stringOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { blockSize, divided, image, moveBlocks, times } from './blocks.ts';
import { whereHeld } from './carriers.ts';
import { finish, vector } from './expansion.ts';
import { extents, reshaped } from './spelling.ts';

/** Channels moved into blocks of the plane: `[N, C·b², H, W]` → `[N, C, H·b, W·b]`. ONNX Operators, DepthToSpace. 1 knows DCR only. */
export const DepthToSpace: Operator = {
  domain: '',
  name: 'DepthToSpace',
  since: [1, 11, 13, 28],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (dims === null) return [tensorType(dtype, null)];
    const [n, c, h, w] = image(node, dims);
    const b = blockSize(node);
    return [tensorType(dtype, [n, divided(node, c, b * b), times(h, b), times(w, b)])];
  },
  evaluate: ([x], node) => [moveBlocks(node, x as Tensor, 'wide')],
  lower: () => refuse('onnx/no-row-form', 'images have no form in the row language'),
  express: (node, b, opsets) => {
    // Before 11 without CRD, which is a transposition of the blocks.
    if ((opsets.get('') ?? 0) >= 11 || stringOf(node, 'mode', 'DCR') !== 'CRD') return undefined;
    const dims = extents(node.inputs[0]);
    if (isRefusal(dims)) return dims;
    const k = blockSize(node);
    const [n, c, h, w] = image(node, dims) as readonly [number, number, number, number];
    const parts = reshaped(b, node.inputs[0] as Value, [n, c / (k * k), k, k, h, w]);
    const moved = b.op('Transpose', [parts], { perm: attr.ints([0, 1, 4, 2, 5, 3]) });
    return finish(node, b, 'Reshape', [moved, vector(b, [n, c / (k * k), h * k, w * k])]);
  },
  carriers: whereHeld,
  rows: () => 'each',
};
