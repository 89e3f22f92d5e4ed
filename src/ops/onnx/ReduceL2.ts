import { attr } from '../../ir/attributes.ts';
import type { Value } from '../../ir/model.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { compositeReduction, reduceSum } from './compositeReduction.ts';
import { numberOfDtype, numeric } from './constraints.ts';
import { finish } from './expansion.ts';

/**
 * The square root of the sum of the squares over axes. The standard takes the root in single precision whatever the
 * type; doubles keep theirs here. ONNX Operators, ReduceL2.
 */
export const ReduceL2: readonly Operator[] = compositeReduction('ReduceL2', numeric, [18], (node, b) => {
  const [x] = node.inputs as readonly [Value];
  const { dtype } = tensorInput(node, 0);
  const sum = reduceSum(node, b, b.op('Mul', [x, x]));
  if (dtype === 'float32' || dtype === 'float64') return finish(node, b, 'Sqrt', [sum]);
  const to = (wanted: DType) => ({ to: attr.int(numberOfDtype(wanted)) });
  const wide = b.op('Cast', [sum], to(isFloat(dtype) ? 'float32' : 'float64'));
  return finish(node, b, 'Cast', [b.op('Sqrt', [wide])], to(dtype));
});
