import { OWN, tensorType, type Value } from '../../ir/model.ts';
import { column } from '../../tensor/dtype.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, type Plane, refused } from '../operator.ts';
import { at, type Operand, together } from './elements.ts';
import { plane } from './planes.ts';
import { arity, broadcastAll, sameDtype, tensorInputs } from './types.ts';
import { missingInput, where } from './where.ts';

/** x, and `value` where x is missing. The way from values that may be missing to plain ones. */
export const Fill: Operator = {
  domain: OWN,
  name: 'Fill',
  since: [1],
  infer: (node) => {
    arity(node, 2);
    const types = tensorInputs(node);
    if (types[1]?.absent === 'missing') refused(node, 'the value that fills in may be missing itself');
    return [tensorType(sameDtype(node, types), broadcastAll(node, types))];
  },
  evaluate: (inputs, node) => {
    const { dims, count, operands } = together(node, inputs);
    const [x, value] = operands as [Operand, Operand];
    const { dtype } = inputs[0] as Tensor;
    if (!x.missing && !x.index) return [tensor(dtype, dims, x.data)];
    const out = column(dtype, count) as unknown[];
    for (let i = 0; i < count; i++) {
      const j = at(x, i);
      out[i] = x.missing?.[j] ? value.data[at(value, i)] : x.data[j];
    }
    return [tensor(dtype, dims, out as Tensor['data'])];
  },
  plain: (node, b, inputs) => {
    const [x, value] = inputs as readonly [Plane, Plane];
    const [out] = node.outputs as readonly [Value];
    const data = x.missing ? where(b, x.missing, value.data, x.data) : x.data;
    return [plane(b, out, data, null, [value.data])];
  },
  express: (node, b) => {
    const [x, value] = node.inputs as readonly [Value, Value];
    // Nothing is missing: x itself, in the shape of both.
    return missingInput(node) ?? [b.op('Expand', [x, b.op('Shape', [value])])];
  },
  rows: () => 'each',
};
