import type { Value } from '../../ir/model.ts';
import { fits } from '../../ir/shape.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { floats } from './constraints.ts';
import { rowsEach } from './elementwise.ts';
import { attributesBut, finish } from './expansion.ts';

/** Swish(A) * B, both of one shape: nothing is broadcast. ONNX Operators, SwiGLU. */
export const SwiGLU: Operator = {
  domain: '',
  name: 'SwiGLU',
  since: [28],
  infer: (node) => {
    const a = tensorInput(node, 0, floats);
    const b = tensorInput(node, 1, [a.dtype]);
    if (!fits(a, b)) refused(node, 'A and B must have one shape');
    return [
      { ...a, dims: a.dims?.map((d, i) => (typeof d === 'number' ? d : (b.dims?.[i] ?? d))) ?? b.dims },
    ];
  },
  expand: (node, b) => {
    const [gate, linear] = node.inputs as readonly [Value, Value];
    return finish(node, b, 'Mul', [b.op('Swish', [gate], attributesBut(node, [])), linear]);
  },
  rows: rowsEach,
};
