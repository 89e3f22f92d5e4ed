import { tensorType, type Value } from '../../ir/model.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, rowsAreSamples } from './axes.ts';
import { convolve, inferConvolution } from './convolution.ts';
import { cast as casted } from './earlier.ts';
import { alongAxis, bytes, centred, requantized, spread, toInt32 } from './integers.ts';
import { convolved, perChannel, requantizedIn } from './quantizing.ts';

/**
 * Conv of quantized tensors: the sums of (x − x_zero_point)(w − w_zero_point) and B in int32, times
 * x_scale · w_scale / y_scale, rounded, plus y_zero_point, saturated. Weights have one scale, or one an output channel.
 * ONNX Operators, QLinearConv.
 */
export const QLinearConv: Operator = {
  domain: '',
  name: 'QLinearConv',
  since: [10],
  infer: (node) => {
    const x = tensorInput(node, 0, bytes);
    const w = tensorInput(node, 3, bytes);
    tensorInput(node, 2, [x.dtype]);
    tensorInput(node, 5, [w.dtype]);
    for (const i of [1, 4, 6]) tensorInput(node, i, ['float32']);
    if (node.inputs[8]) tensorInput(node, 8, ['int32']);
    return [tensorType(tensorInput(node, 7, bytes).dtype, inferConvolution(node, x.dims, w.dims))];
  },
  evaluate: (inputs, node) => {
    const [x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias] = inputs as readonly Tensor[] &
      readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor?];
    for (const one of [xScale, xZero, yScale, yZero]) {
      if (countOf(one.dims) !== 1) refused(node, 'only weights have more than one scale and zero point');
    }
    const perChannel = alongAxis(wZero.dims, w.dims.length, 0);
    const sums = toInt32(
      convolve(
        node,
        centred(node, x, xZero),
        centred(node, w, wZero, perChannel),
        bias ? centred(node, bias, null) : null,
      ),
    );
    const scaleOf = spread(node, alongAxis(wScale.dims, sums.dims.length, 1), sums.dims);
    const [sx, sy] = [xScale.data[0] as number, yScale.data[0] as number];
    const factor = (i: number) => Math.fround(Math.fround(sx * (wScale.data[scaleOf(i)] as number)) / sy);
    return [requantized(sums, factor, yZero)];
  },
  express: (node, b, opsets) => {
    // Before 10: the sums in doubles, exactly, and the steps that follow.
    if ((opsets.get('') ?? 0) >= 10) return undefined;
    const [x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias] = node.inputs as readonly Value[] &
      readonly [Value, Value, Value, Value, Value, Value, Value, Value, Value?];
    const sums = convolved(node, b, [x, xZero, w, wZero]);
    const rank = dimsOf(x)?.length ?? dimsOf(w)?.length ?? 2;
    const all = bias ? b.op('Add', [sums, perChannel(b, casted(b, bias, 'float64'), rank)]) : sums;
    const factor = b.op('Div', [b.op('Mul', [perChannel(b, wScale, rank), xScale]), yScale]);
    return [requantizedIn(b, all, factor, yZero)];
  },
  rows: (node) => rowsAreSamples(node, [1, 2, 3, 4, 5, 6, 7, 8]),
};
