import { refuse } from '../../ir/diagnostic.ts';
import { rounder } from '../../tensor/float.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { floats } from './constraints.ts';
import { globallyPooledType, poolAll } from './pool.ts';

/** The mean of each plane, its sum kept in doubles: `[N, C, D…]` → `[N, C, 1…]`. ONNX Operators, GlobalAveragePool. */
export const GlobalAveragePool: Operator = {
  domain: '',
  name: 'GlobalAveragePool',
  since: [1, 22],
  infer: (node) => [globallyPooledType(node, floats)],
  evaluate: ([x], node) => {
    const given = x as Tensor;
    const round = rounder(given.dtype);
    return [
      poolAll(node, given, (data, from, size) => {
        let sum = 0;
        for (let i = from; i < from + size; i++) sum += data[i] as number;
        return round(sum / size);
      }),
    ];
  },
  lower: () => refuse('onnx/no-row-form', 'pools have no form in the row language'),
  rows: () => 'each',
};
