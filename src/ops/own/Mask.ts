import { refuse } from '../../ir/diagnostic.ts';
import { OWN, tensorType, type Value } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { at, Collector, type Operand, together } from './elements.ts';
import { plane } from './planes.ts';
import { arity, broadcastAll, tensorInputs } from './types.ts';
import { orAll } from './where.ts';

/** x, missing where `when` is true; what was missing stays missing. */
export const Mask: Operator = {
  domain: OWN,
  name: 'Mask',
  since: [1],
  infer: (node) => {
    arity(node, 2);
    const types = tensorInputs(node);
    if (tensorInput(node, 1, ['bool']).absent === 'missing') {
      refused(node, 'when may be missing; fill it first');
    }
    return [tensorType(tensorInput(node, 0).dtype, broadcastAll(node, types), 'missing')];
  },
  evaluate: (inputs, node) => {
    const { dims, count, operands } = together(node, inputs);
    const [x, when] = operands as [Operand, Operand];
    const out = new Collector((inputs[0] as Tensor).dtype, dims);
    for (let i = 0; i < count; i++) {
      const j = at(x, i);
      if (!when.data[at(when, i)] && !x.missing?.[j]) out.set(i, x.data[j] as Tensor['data'][number]);
    }
    return [out.tensor()];
  },
  plain: (node, b, inputs) => {
    const [x, when] = inputs as readonly [Plane, Plane];
    const [out] = node.outputs as readonly [Value];
    return [plane(b, out, x.data, orAll(b, [x.missing, when.data]))];
  },
  express: () => refuse('express/missing', 'its result may be missing, which ONNX cannot hold'),
  rows: () => 'each',
};
