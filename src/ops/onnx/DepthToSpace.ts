import { refuse } from '../../ir/diagnostic.ts';
import { tensorType } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { blockSize, divided, image, moveBlocks, times } from './blocks.ts';
import { whereHeld } from './carriers.ts';

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
  carriers: whereHeld,
  rows: () => 'each',
};
