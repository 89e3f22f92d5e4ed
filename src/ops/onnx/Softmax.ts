import type { Operator } from '../operator.ts';
import { alongAxis, shifted } from './alongAxis.ts';
import { finish } from './expansion.ts';

/** e^x divided by the sum of all along the axis, in the steps that the standard gives. ONNX Operators, Softmax. */
export const Softmax: readonly Operator[] = alongAxis('Softmax', {
  expand: (node, b) => {
    const { exponential, axes } = shifted(node, b);
    return finish(node, b, 'Div', [exponential, b.op('ReduceSum', [exponential, axes])]);
  },
});
