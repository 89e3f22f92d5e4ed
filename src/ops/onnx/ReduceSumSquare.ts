import type { Value } from '../../ir/model.ts';
import type { Operator } from '../operator.ts';
import { compositeReduction } from './compositeReduction.ts';
import { numeric } from './constraints.ts';
import { attributesBut, finish } from './expansion.ts';

/** The sum of the squares over axes. ONNX Operators, ReduceSumSquare. */
export const ReduceSumSquare: readonly Operator[] = compositeReduction(
  'ReduceSumSquare',
  numeric,
  [18],
  (node, b) => {
    const [x, ...axes] = node.inputs as readonly [Value, ...Value[]];
    return finish(node, b, 'ReduceSum', [b.op('Mul', [x, x]), ...axes], attributesBut(node, []));
  },
);
