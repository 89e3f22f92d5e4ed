import { refuse } from '../../ir/diagnostic.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { floats } from './constraints.ts';
import { globallyPooledType, poolAll } from './pool.ts';

/** The greatest element of each plane: `[N, C, D…]` → `[N, C, 1…]`. NaN is the greatest. ONNX Operators, GlobalMaxPool. */
export const GlobalMaxPool: Operator = {
  domain: '',
  name: 'GlobalMaxPool',
  since: [1, 22],
  infer: (node) => [globallyPooledType(node, floats)],
  evaluate: ([x], node) => [
    poolAll(node, x as Tensor, (data, from, size) => {
      let best = -Infinity;
      for (let i = from; i < from + size; i++) best = Math.max(best, data[i] as number);
      return best;
    }),
  ],
  lower: () => refuse('onnx/no-row-form', 'pools have no form in the row language'),
  carriers: whereHeld,
  rows: () => 'each',
};
