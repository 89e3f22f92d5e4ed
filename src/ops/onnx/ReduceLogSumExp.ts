import { attr } from '../../ir/attributes.ts';
import type { Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { compositeReduction, reduceSum } from './compositeReduction.ts';
import { floats, numberOfDtype } from './constraints.ts';
import { finish } from './expansion.ts';

/**
 * The logarithm of the sum of the exponentials over axes, computed in double precision as the standard gives it (not
 * shifted by the largest element: e^x overflows above 709). ONNX Operators, ReduceLogSumExp.
 */
export const ReduceLogSumExp: readonly Operator[] = compositeReduction(
  'ReduceLogSumExp',
  floats,
  [18, 28],
  (node, b) => {
    const [x] = node.inputs as readonly [Value];
    const { dtype } = tensorInput(node, 0);
    const cast = (v: Value) => b.op('Cast', [v], { to: attr.int(numberOfDtype('float64')) });
    const sum = reduceSum(node, b, b.op('Exp', [dtype === 'float64' ? x : cast(x)]));
    if (dtype === 'float64') return finish(node, b, 'Log', [sum]);
    return finish(node, b, 'Cast', [b.op('Log', [sum])], { to: attr.int(numberOfDtype(dtype)) });
  },
);
