import type { Value } from '../../ir/model.ts';
import type { Operator } from '../operator.ts';
import { compositeReduction } from './compositeReduction.ts';
import { numeric } from './constraints.ts';
import { attributesBut, finish } from './expansion.ts';

/** The sum of the absolute values over axes. ONNX Operators, ReduceL1. */
export const ReduceL1: readonly Operator[] = compositeReduction('ReduceL1', numeric, [18], (node, b) => {
  const [x, ...axes] = node.inputs as readonly Value[];
  return finish(node, b, 'ReduceSum', [b.op('Abs', [x as Value]), ...axes], attributesBut(node, []));
});
