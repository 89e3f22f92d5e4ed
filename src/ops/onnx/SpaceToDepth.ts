import { refuse } from '../../ir/diagnostic.ts';
import { tensorType } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { blockSize, divided, image, moveBlocks, times } from './blocks.ts';
import { whereHeld } from './carriers.ts';

/** Blocks of the plane moved into channels: `[N, C, H·b, W·b]` → `[N, C·b², H, W]`. ONNX Operators, SpaceToDepth. `mode` is new in 28. */
export const SpaceToDepth: Operator = {
  domain: '',
  name: 'SpaceToDepth',
  since: [1, 13, 28],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (dims === null) return [tensorType(dtype, null)];
    const [n, c, h, w] = image(node, dims);
    const b = blockSize(node);
    return [tensorType(dtype, [n, times(c, b * b), divided(node, h, b), divided(node, w, b)])];
  },
  evaluate: ([x], node) => [moveBlocks(node, x as Tensor, 'deep')],
  lower: () => refuse('onnx/no-row-form', 'images have no form in the row language'),
  carriers: whereHeld,
  rows: () => 'each',
};
