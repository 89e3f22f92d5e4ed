import { tensorType, type Value } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { rowsAreSamples } from './axes.ts';
import { convolve, inferConvolution } from './convolution.ts';
import { cast } from './earlier.ts';
import { alongAxis, bytes, centred, toInt32 } from './integers.ts';
import { convolved } from './quantizing.ts';

/**
 * Conv of (x − x_zero_point) and (w − w_zero_point), padding being 0 after that, in int32. w_zero_point is one, or one an
 * output channel. ONNX Operators, ConvInteger.
 */
export const ConvInteger: Operator = {
  domain: '',
  name: 'ConvInteger',
  since: [10],
  infer: (node) => {
    const x = tensorInput(node, 0, bytes);
    const w = tensorInput(node, 1, bytes);
    if (node.inputs[2]) tensorInput(node, 2, [x.dtype]);
    if (node.inputs[3]) tensorInput(node, 3, [w.dtype]);
    return [tensorType('int32', inferConvolution(node, x.dims, w.dims))];
  },
  evaluate: (inputs, node) => {
    const [x, w, xZero, wZero] = inputs as readonly [Tensor, Tensor, Tensor?, Tensor?];
    const perChannel = wZero && alongAxis(wZero.dims, w.dims.length, 0);
    const sums = convolve(node, centred(node, x, xZero), centred(node, w, wZero, perChannel), null);
    return [toInt32(sums)];
  },
  express: (node, b, opsets) => {
    // Before 10: in doubles, where the sums are exact.
    if ((opsets.get('') ?? 0) >= 10) return undefined;
    const [x, w, xZero = null, wZero = null] = node.inputs as readonly [Value, Value, Value?, Value?];
    return [cast(b, convolved(node, b, [x, xZero, w, wZero]), 'int32')];
  },
  rows: (node) => rowsAreSamples(node, [1, 2, 3]),
};
