import { refuse } from '../../ir/diagnostic.ts';
import { tensorType } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { rowsAreSamples } from './axes.ts';
import { floats } from './constraints.ts';
import { convolve, inferConvolution } from './convolution.ts';

/** X `[N, C, D…]` with W `[M, C / group, k…]` and B `[M]`: `[N, M, …]`. ONNX Operators, Conv. */
export const Conv: Operator = {
  domain: '',
  name: 'Conv',
  since: [1, 11, 22],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    const weights = tensorInput(node, 1, [dtype]).dims;
    if (node.inputs[2]) tensorInput(node, 2, [dtype]);
    return [tensorType(dtype, inferConvolution(node, dims, weights))];
  },
  evaluate: ([x, w, bias], node) => [convolve(node, x as Tensor, w as Tensor, bias ?? null)],
  lower: () => refuse('onnx/no-row-form', 'convolutions have no form in the row language'),
  rows: (node) => rowsAreSamples(node, [1, 2]),
};
