import { intOf } from '../../ir/attributes.ts';
import type { Node } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { pairedElements } from './elements.ts';
import { inferElementwise, lowerTo, rowsEach, unary } from './elementwise.ts';

/** The infinities looked for: the attributes `detect_negative` and `detect_positive` can leave one out. */
const wanted = (node: Node): number[] => [
  ...(intOf(node, 'detect_negative', 1) ? [-Infinity] : []),
  ...(intOf(node, 'detect_positive', 1) ? [Infinity] : []),
];

/** true where x is infinite. Takes every float format. ONNX Operators, IsInf. */
export const IsInf: Operator = {
  domain: '',
  name: 'IsInf',
  since: [10, 20],
  infer: inferElementwise(undefined, 'bool'),
  elements: pairedElements(),
  evaluate: ([x], node) => {
    const [low, high = low] = wanted(node);
    return [unary(x as Tensor, (e: number) => e === low || e === high, 'bool')];
  },
  lower: (node, inputs, to) => {
    const found = wanted(node);
    if (found.length === 2) return lowerTo('isInf', 'bool')(node, inputs, to);
    const { dtype, dims, element } = inputs[0] as Lowered;
    const same = (index: Row): Row => ({
      k: 'apply',
      fn: 'eq',
      dtype: 'bool',
      args: [element(index), { k: 'const', dtype, value: found[0] as number }],
    });
    const never: Row = { k: 'const', dtype: 'bool', value: false };
    return [{ dtype: 'bool', dims, element: (index) => (found.length === 0 ? never : same(index)) }];
  },
  rows: rowsEach,
};
