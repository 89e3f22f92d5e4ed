import { floatOf, intOf } from '../../ir/attributes.ts';
import { type Type, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { axisOf, rowsUnless } from './axes.ts';
import { dtypeByNumber, floats } from './constraints.ts';
import { castTo, rankOf, standardised } from './normalization.ts';

/**
 * Y = standardised(X) · Scale + B over the axes from `axis` on; Mean and InvStdDev where they are asked for. ONNX
 * Operators, LayerNormalization. The standardising is done in the dtype of `stash_type`.
 */
export const LayerNormalization: Operator = {
  domain: '',
  name: 'LayerNormalization',
  since: [17],
  infer: (node) => {
    const x = tensorInput(node, 0, floats);
    const { dims } = x;
    const stash = stashOf(intOf(node, 'stash_type', 1));
    if (dims === null) return [x, tensorType(stash, null), tensorType(stash, null)];
    const axis = axisOf(node, dims.length, -1);
    const kept: Type = tensorType(
      stash,
      dims.map((d, i) => (i < axis ? d : 1)),
    );
    return [x, kept, kept];
  },
  expand: (node, b) => {
    const { dtype } = tensorInput(node, 0, floats);
    const stash = stashOf(intOf(node, 'stash_type', 1));
    const rank = rankOf(node);
    const from = axisOf(node, rank, -1);
    const axes = Array.from({ length: rank - from }, (_, i) => from + i);
    const [x, scale, bias] = node.inputs as readonly [Value, Value, Value | null | undefined];
    const epsilon = floatOf(node, 'epsilon', Math.fround(1e-5));
    const { value, mean, inverse } = standardised(b, castTo(b, x, stash), axes, epsilon, stash);
    const scaled = b.op('Mul', [castTo(b, value, dtype), scale]);
    return [bias ? b.op('Add', [scaled, bias]) : scaled, mean, inverse];
  },
  // Without an axis 0 among those that are standardised.
  rows: (node) => rowsUnless(node, [intOf(node, 'axis', -1)]),
};

const stashOf = (n: number): DType => dtypeByNumber(n) ?? 'float32';
