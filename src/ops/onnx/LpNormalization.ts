import { attr, intOf } from '../../ir/attributes.ts';
import type { Value } from '../../ir/model.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { rowsUnless } from './axes.ts';
import { floats } from './constraints.ts';
import { number, vector } from './expansion.ts';

/** X over its L1 or L2 norm along the axis, and 0 where that norm is 0. ONNX Operators, LpNormalization. */
export const LpNormalization: Operator = {
  domain: '',
  name: 'LpNormalization',
  since: [1, 22],
  infer: (node) => [tensorInput(node, 0, floats)],
  expand: (node, b) => {
    const { dtype } = tensorInput(node, 0, floats);
    const x = node.inputs[0] as Value;
    const p = intOf(node, 'p', 2);
    if (p !== 1 && p !== 2) refused(node, `p is ${p}; it is 1 or 2`);
    const axes = vector(b, [intOf(node, 'axis', -1)]);
    const sum = (v: Value) => b.op('ReduceSum', [v, axes], { keepdims: attr.int(1) });
    const norm = p === 1 ? sum(b.op('Abs', [x])) : b.op('Sqrt', [sum(b.op('Mul', [x, x]))]);
    const zero = number(b, dtype, 0);
    return [b.op('Where', [b.op('Equal', [norm, zero]), zero, b.op('Div', [x, norm])])];
  },
  rows: (node) => rowsUnless(node, [intOf(node, 'axis', -1)]),
};
