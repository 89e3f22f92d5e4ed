import { intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type TensorType, tensorType, type Value } from '../../ir/model.ts';
import { column } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { dimsOf, fromFront } from './axes.ts';
import { dtypeByNumber } from './constraints.ts';
import { cast as casted } from './earlier.ts';
import { scaleIndex, zeroPoint } from './granularity.ts';
import { rowsOfScales } from './QuantizeLinear.ts';
import { centredIn } from './quantizing.ts';
import { reshaped } from './spelling.ts';

/**
 * y = (x − x_zero_point) · x_scale, in the scale's dtype (from 23 on in `output_dtype` where that is given). ONNX
 * Operators, DequantizeLinear. One scale for all, one an axis (from 13 on), or one a block (21).
 */
export const DequantizeLinear: Operator = {
  domain: '',
  name: 'DequantizeLinear',
  since: [10, 13, 19, 21, 23, 24, 25, 28],
  infer: (node) => {
    const named = dtypeByNumber(intOf(node, 'output_dtype', 0));
    return [tensorType(named ?? tensorInput(node, 1).dtype, tensorInput(node, 0).dims)];
  },
  evaluate: ([given, scale, zero], node) => {
    const [x, s] = [given as Tensor, scale as Tensor];
    const dtype = dtypeByNumber(intOf(node, 'output_dtype', 0)) ?? s.dtype;
    const at = scaleIndex(node, x.dims, s);
    const zeroAt = zeroPoint(node, zero, s);
    const round = rounder(dtype);
    const out = column(dtype, countOf(x.dims)) as Float32Array;
    for (let i = 0; i < out.length; i++) {
      out[i] = round(((x.data[i] as number) - zeroAt(at(i))) * (s.data[at(i)] as number));
    }
    return [tensor(dtype, x.dims, out)];
  },
  express: (node, b, opsets) => {
    // Before 10: in doubles, where the product is exact, and rounded once.
    if ((opsets.get('') ?? 0) >= 10) return undefined;
    const [x, scale, zero] = node.inputs as readonly [Value, Value, Value?];
    const rank = dimsOf(x)?.length;
    if (intOf(node, 'block_size', 0) !== 0 || rank === undefined)
      return refuse('express/extent', 'before opset 10 the rank must be known, and there are no blocks');
    const behind = dimsOf(scale)?.length === 1 ? rank - 1 - fromFront(node, intOf(node, 'axis', 1), rank) : 0;
    const shaped = behind > 0 ? reshaped(b, scale, [-1, ...new Array<number>(behind).fill(1)]) : scale;
    const product = b.op('Mul', [centredIn(b, x, zero, behind), casted(b, shaped, 'float64')]);
    return [casted(b, product, ((node.outputs[0] as Value).type as TensorType).dtype)];
  },
  lower: () => refuse('onnx/no-row-form', 'quantization has no form in the row language'),
  rows: (node) => rowsOfScales(node),
};
