import { isRefusal } from '../../ir/diagnostic.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { floats } from './constraints.ts';
import { earlier } from './earlier.ts';
import { finish } from './expansion.ts';
import { norm, powerAs } from './lp.ts';
import { globallyPooledType, poolAll } from './pool.ts';

const shared = {
  domain: '',
  name: 'GlobalLpPool',
  infer: (node) => [globallyPooledType(node, floats)],
  evaluate: ([x], node) => {
    const given = x as Tensor;
    const of = norm(node, given.dtype);
    return [
      poolAll(node, given, (data, from, size) =>
        of((add) => {
          for (let i = from; i < from + size; i++) add(data[i] as number);
        }),
      ),
    ];
  },
  rows: () => 'each',
} satisfies Partial<Operator>;

/** The Lp norm of each plane: `[N, C, D…]` → `[N, C, 1…]`. ONNX Operators, GlobalLpPool; in version 1 p is a float. */
export const GlobalLpPool: readonly Operator[] = [
  {
    ...shared,
    since: [2, 22],
    express: (node, b, opsets) => {
      const p = powerAs(node, 'float');
      return isRefusal(p) ? p : earlier(node, b, opsets, node.inputs, p);
    },
  },
  {
    ...shared,
    since: [1],
    express: (node, b) => {
      const p = powerAs(node, 'int');
      return isRefusal(p) ? p : finish(node, b, 'GlobalLpPool', node.inputs, p);
    },
  },
];
