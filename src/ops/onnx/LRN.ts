import { floatOf, intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { column } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { floats } from './constraints.ts';

/**
 * Y = X / (bias + alpha / size · Σ x²)^beta, the sum over the `size` channels around: ⌊(size − 1) / 2⌋ before,
 * ⌈(size − 1) / 2⌉ behind. ONNX Operators, LRN.
 */
export const LRN: Operator = {
  domain: '',
  name: 'LRN',
  since: [1, 13],
  infer: (node) => [tensorInput(node, 0, floats)],
  evaluate: ([x], node) => {
    const { dtype, dims, data } = x as Tensor;
    if (dims.length < 2) refused(node, `the input has rank ${dims.length}; it takes [N, C, …]`);
    const [f, round] = [stepRounder(dtype), rounder(dtype)];
    const size = intOf(node, 'size');
    const share = f(floatOf(node, 'alpha', Math.fround(1e-4)) / size);
    const [beta, bias] = [floatOf(node, 'beta', 0.75), floatOf(node, 'bias', 1)];
    const channels = dims[1] as number;
    const plane = countOf(dims.slice(2));
    const values = data as Float64Array;
    const out = column(dtype, values.length) as Float64Array;
    for (let i = 0; i < values.length; i++) {
      const c = Math.floor(i / plane) % channels;
      const first = Math.max(0, c - Math.floor((size - 1) / 2));
      const last = Math.min(channels - 1, c + Math.ceil((size - 1) / 2));
      let sum = 0;
      for (let k = first; k <= last; k++) {
        const v = values[i + (k - c) * plane] as number;
        sum = f(sum + f(v * v));
      }
      out[i] = round((values[i] as number) / f(f(bias + f(share * sum)) ** beta));
    }
    return [tensor(dtype, dims, out as Tensor['data'])];
  },
  lower: () => refuse('onnx/no-row-form', 'local response normalisation has no form in the row language'),
  rows: () => 'each',
};
