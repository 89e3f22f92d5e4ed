import { floatOf } from '../../ir/attributes.ts';
import type { Value } from '../../ir/model.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { floats } from './constraints.ts';
import { perChannel, rankOf, standardised } from './normalization.ts';

/** Y = scale · standardised(X) + B, each plane of `[N, C, D…]` by itself. ONNX Operators, InstanceNormalization. */
export const InstanceNormalization: Operator = {
  domain: '',
  name: 'InstanceNormalization',
  since: [1, 6, 22],
  infer: (node) => [tensorInput(node, 0, floats)],
  expand: (node, b) => {
    const { dtype } = tensorInput(node, 0, floats);
    const [x, scale, bias] = node.inputs as readonly [Value, Value, Value];
    const rank = rankOf(node);
    if (rank < 3) refused(node, `the input has rank ${rank}; it takes [N, C, D1, …]`);
    const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
    const { value } = standardised(b, x, axes, floatOf(node, 'epsilon', Math.fround(1e-5)), dtype);
    return [b.op('Add', [b.op('Mul', [value, perChannel(b, scale, rank)]), perChannel(b, bias, rank)])];
  },
  rows: () => 'each',
};
