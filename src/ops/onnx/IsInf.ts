import { intOf } from '../../ir/attributes.ts';
import type { Node, TensorType, Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { pairedElements } from './elements.ts';
import { inferElementwise, lowerTo, rowsEach, unary } from './elementwise.ts';

/** The infinities looked for: the attributes `detect_negative` and `detect_positive` can leave one out. */
const wanted = (node: Node): number[] => [
  ...(intOf(node, 'detect_negative', 1) ? [-Infinity] : []),
  ...(intOf(node, 'detect_positive', 1) ? [Infinity] : []),
];

const largest32 = 3.4028234663852886e38;

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
  express: (node, b) => {
    const [x] = node.inputs as readonly [Value];
    const { dtype } = x.type as TensorType;
    if (dtype !== 'float32' && dtype !== 'float64') return undefined;
    const largest = b.constant(constant(dtype, [dtype === 'float32' ? largest32 : Number.MAX_VALUE], []));
    const found = wanted(node).map((sign) =>
      sign > 0 ? b.op('Greater', [x, largest]) : b.op('Less', [x, b.op('Neg', [largest])]),
    );
    return [found.reduce((any, one) => b.op('Or', [any, one]), found[0] ?? b.op('Less', [x, x]))];
  },
  carriers: whereHeld,
  rows: rowsEach,
};
