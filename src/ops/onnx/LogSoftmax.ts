import type { Operator } from '../operator.ts';
import { alongAxis, shifted } from './alongAxis.ts';
import { finish } from './expansion.ts';

/** The logarithm of Softmax, in the steps that the standard gives. ONNX Operators, LogSoftmax. */
export const LogSoftmax: readonly Operator[] = alongAxis('LogSoftmax', {
  expand: (node, b) => {
    const { difference, exponential, axes } = shifted(node, b);
    return finish(node, b, 'Sub', [difference, b.op('Log', [b.op('ReduceSum', [exponential, axes])])]);
  },
});
