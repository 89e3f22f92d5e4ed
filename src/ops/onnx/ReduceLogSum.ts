import type { Value } from '../../ir/model.ts';
import type { Operator } from '../operator.ts';
import { compositeReduction, reduceSum } from './compositeReduction.ts';
import { floats } from './constraints.ts';
import { finish } from './expansion.ts';

/** The logarithm of the sum over axes; of nothing -Infinity. Integers, until 27, had no meaning. ONNX Operators, ReduceLogSum. */
export const ReduceLogSum: readonly Operator[] = compositeReduction(
  'ReduceLogSum',
  floats,
  [18, 28],
  (node, b) => finish(node, b, 'Log', [reduceSum(node, b, node.inputs[0] as Value)]),
);
