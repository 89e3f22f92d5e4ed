import { intOf } from '../../ir/attributes.ts';
import { tensorType } from '../../ir/model.ts';
import { isBig } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { fromFront } from './axes.ts';
import { floats } from './constraints.ts';

/**
 * Sums along an axis up to each element: with it, or without it under `exclusive`; from the end under `reverse`. Every
 * step is rounded as ReduceSum has it. ONNX Operators, CumSum.
 */
export const CumSum: Operator = {
  domain: '',
  name: 'CumSum',
  since: [11, 14],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0, [...floats, 'int32', 'int64', 'uint32', 'uint64']);
    tensorInput(node, 1, ['int32', 'int64']);
    return [tensorType(dtype, dims)];
  },
  evaluate: (inputs, node) => {
    const [x, at] = inputs as readonly [Tensor, Tensor];
    const axis = fromFront(node, Number(at.data[0]), x.dims.length);
    const [exclusive, reverse] = [intOf(node, 'exclusive', 0) !== 0, intOf(node, 'reverse', 0) !== 0];
    const extent = x.dims[axis] as number;
    const inner = countOf(x.dims.slice(axis + 1));
    const outer = countOf(x.dims.slice(0, axis));
    const out = zeros(x.dtype, x.dims);
    const to = out.data as unknown as (number | bigint)[];
    const [step, round] = [stepRounder(x.dtype), rounder(x.dtype)];
    const big = isBig(x.dtype);
    for (let o = 0; o < outer; o++) {
      for (let n = 0; n < inner; n++) {
        let sum: number | bigint = big ? 0n : 0;
        for (let i = 0; i < extent; i++) {
          const k = (o * extent + (reverse ? extent - 1 - i : i)) * inner + n;
          const before: number | bigint = sum;
          sum = big ? (sum as bigint) + (x.data[k] as bigint) : step((sum as number) + (x.data[k] as number));
          const said: number | bigint = exclusive ? before : sum;
          to[k] = big ? said : round(said as number);
        }
      }
    }
    return [out];
  },
};
