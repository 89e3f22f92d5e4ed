import { floatOf, intOf } from '../../ir/attributes.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, rowsUnless } from './axes.ts';
import { dtypeByNumber, floats } from './constraints.ts';
import { number } from './expansion.ts';
import { castTo, meanOver, rankOf } from './normalization.ts';

/**
 * X / √(mean of X² + epsilon) over the axes from `axis` on, times the scale, which broadcasts to X. ONNX Operators,
 * RMSNormalization. The quotient is computed in the dtype of `stash_type` and brought back to that of X; X and the scale
 * may differ in dtype, and Y has that of the scale.
 */
export const RMSNormalization: Operator = {
  domain: '',
  name: 'RMSNormalization',
  since: [23],
  infer: (node) => {
    const { dims } = tensorInput(node, 0, floats);
    const scale = tensorInput(node, 1, floats);
    if (dims !== null) axisOf(node, dims.length, -1);
    const together = broadcastDims(dims, scale.dims);
    const wider = together?.some(
      (d, i) => typeof d === 'number' && typeof dims?.[i] === 'number' && d !== dims[i],
    );
    if (together === undefined || (dims && together && together.length !== dims.length) || wider) {
      refused(node, 'the scale does not broadcast to X');
    }
    return [tensorType(scale.dtype, dims)];
  },
  expand: (node, b) => {
    const { dtype } = tensorInput(node, 0, floats);
    const stash = dtypeByNumber(intOf(node, 'stash_type', 1));
    if (!stash || !floats.includes(stash)) return refused(node, 'stash_type is no floating-point dtype');
    const [input, scale] = node.inputs as readonly [Value, Value];
    const rank = rankOf(node);
    const from = axisOf(node, rank, -1);
    const axes = Array.from({ length: rank - from }, (_, i) => from + i);
    const x = castTo(b, input, stash);
    const mean = meanOver(b, b.op('Mul', [x, x]), axes);
    const epsilon = number(b, stash, floatOf(node, 'epsilon', Math.fround(1e-5)));
    const normalized = b.op('Div', [x, b.op('Sqrt', [b.op('Add', [mean, epsilon])])]);
    const scaled = tensorInput(node, 1).dtype;
    return [b.op('Mul', [castTo(b, castTo(b, normalized, dtype), scaled), scale])];
  },
  rows: (node) => rowsUnless(node, [intOf(node, 'axis', -1)]),
};
