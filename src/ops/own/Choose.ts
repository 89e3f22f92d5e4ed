import { OWN, type TensorType, tensorType, type Value } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { at, Collector, type Operand, together } from './elements.ts';
import { choose, isTrue, plane } from './planes.ts';
import { anyAbsent, broadcastAll, sameDtype, tensorInputs } from './types.ts';
import { missingInput, where } from './where.ts';

/** The branch whose `when` is the first TRUE, else the last input. UNKNOWN is not TRUE. */
export const Choose: Operator = {
  domain: OWN,
  name: 'Choose',
  since: [1],
  infer: (node) => {
    if (node.inputs.length % 2 === 0) {
      refused(node, 'it takes pairs of when and then, and one input more for otherwise');
    }
    const types = tensorInputs(node);
    const branches = types.filter((_, i) => i % 2 === 1 || i === types.length - 1);
    for (let i = 0; i < types.length - 1; i += 2) tensorInput(node, i, ['bool']);
    return [
      tensorType(
        sameDtype(node, branches),
        broadcastAll(node, types),
        anyAbsent(branches satisfies readonly TensorType[]),
      ),
    ];
  },
  evaluate: (inputs, node) => {
    const { dims, count, operands } = together(node, inputs);
    const last = operands.length - 1;
    const out = new Collector((inputs[last] as Tensor).dtype, dims);
    for (let i = 0; i < count; i++) {
      let branch = last;
      for (let k = 0; k < last; k += 2) {
        const when = operands[k] as Operand;
        const j = at(when, i);
        if (when.data[j] && !when.missing?.[j]) {
          branch = k + 1;
          break;
        }
      }
      const chosen = operands[branch] as Operand;
      const j = at(chosen, i);
      if (!chosen.missing?.[j]) out.set(i, chosen.data[j] as Tensor['data'][number]);
    }
    return [out.tensor()];
  },
  plain: (node, b, inputs) => {
    const given = inputs as readonly Plane[];
    const [out] = node.outputs as readonly [Value];
    const pairs = (given.length - 1) / 2;
    const when = Array.from({ length: pairs }, (_, i) => isTrue(b, given[2 * i] as Plane));
    const then = Array.from({ length: pairs }, (_, i) => given[2 * i + 1] as Plane);
    const { data, missing } = choose(b, when, then, given[2 * pairs] as Plane);
    return [plane(b, out, data, missing)];
  },
  express: (node, b) => {
    const inputs = node.inputs as readonly Value[];
    let chosen = inputs[inputs.length - 1] as Value;
    for (let i = inputs.length - 3; i >= 0; i -= 2) {
      chosen = where(b, inputs[i] as Value, inputs[i + 1] as Value, chosen);
    }
    return missingInput(node) ?? [chosen];
  },
  rows: () => 'each',
};
