import { floatOf, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dtypeByNumber, floats } from './constraints.ts';
import { vector } from './expansion.ts';
import { castTo, perChannel, rankOf, standardised } from './normalization.ts';

/**
 * Y = scale · standardised(X) + bias, each group of channels of `[N, C, D…]` by itself. ONNX Operators,
 * GroupNormalization. 18 has one scale and bias a group, 21 one a channel, and computes in the dtype of `stash_type`.
 */
const versions = (
  since: readonly number[],
  affine: (b: Builder, grouped: Value, node: Node) => Value,
  computed: (node: Node, dtype: DType) => DType,
): Operator => ({
  domain: '',
  name: 'GroupNormalization',
  since,
  infer: (node) => [tensorInput(node, 0, floats)],
  expand: (node, b) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    const x = node.inputs[0] as Value;
    const groups = intOf(node, 'num_groups');
    const channels = dims?.[1];
    if (groups < 1 || (typeof channels === 'number' && channels % groups !== 0)) {
      refused(node, `${channels} channels do not make ${groups} groups`);
    }
    const inside = computed(node, dtype);
    const grouped = b.op('Reshape', [castTo(b, x, inside), vector(b, [0, groups, -1])]);
    const { value } = standardised(b, grouped, [2], floatOf(node, 'epsilon', Math.fround(1e-5)), inside);
    return [affine(b, castTo(b, value, dtype), node)];
  },
  rows: () => 'each',
});

const back = (b: Builder, grouped: Value, node: Node): Value =>
  b.op('Reshape', [grouped, b.op('Shape', [node.inputs[0] as Value])]);

const scaled = (b: Builder, x: Value, node: Node, rank: number): Value => {
  const [, scale, bias] = node.inputs as readonly [Value, Value, Value];
  return b.op('Add', [b.op('Mul', [x, perChannel(b, scale, rank)]), perChannel(b, bias, rank)]);
};

export const GroupNormalization: readonly Operator[] = [
  versions(
    [18],
    (b, grouped, node) => back(b, scaled(b, grouped, node, 3), node),
    (_, dtype) => dtype,
  ),
  versions(
    [21],
    (b, grouped, node) => scaled(b, back(b, grouped, node), node, rankOf(node)),
    (node) => dtypeByNumber(intOf(node, 'stash_type', 1)) ?? refused(node, 'stash_type is no dtype'),
  ),
];
