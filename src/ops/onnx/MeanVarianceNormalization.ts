import { intsOf } from '../../ir/attributes.ts';
import type { Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { rowsUnless } from './axes.ts';
import { floats } from './constraints.ts';
import { number } from './expansion.ts';
import { meanOver } from './normalization.ts';

/** Y = (X − E[X]) / (√(E[X²] − E[X]²) + 1e-9) over the axes, [0, 2, 3] by default. ONNX Operators, MeanVarianceNormalization. */
export const MeanVarianceNormalization: Operator = {
  domain: '',
  name: 'MeanVarianceNormalization',
  since: [9, 13],
  infer: (node) => [tensorInput(node, 0, floats)],
  expand: (node, b) => {
    const { dtype } = tensorInput(node, 0, floats);
    const x = node.inputs[0] as Value;
    const axes = intsOf(node, 'axes') ?? [0, 2, 3];
    const mean = meanOver(b, x, axes);
    const squares = meanOver(b, b.op('Mul', [x, x]), axes);
    const deviation = b.op('Sqrt', [b.op('Sub', [squares, b.op('Mul', [mean, mean])])]);
    const divisor = b.op('Add', [deviation, number(b, dtype, 1e-9)]);
    return [b.op('Div', [b.op('Sub', [x, mean]), divisor])];
  },
  rows: (node) => rowsUnless(node, intsOf(node, 'axes') ?? [0, 2, 3]),
};
