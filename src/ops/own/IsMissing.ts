import { OWN, tensorType } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, type Plane, tensorInput } from '../operator.ts';

/** true where an element is missing. The way from values that may be missing to ONNX's booleans. */
export const IsMissing: Operator = {
  domain: OWN,
  name: 'IsMissing',
  since: [1],
  infer: (node) => [tensorType('bool', tensorInput(node, 0).dims)],
  evaluate: ([x]) => {
    const { dims, missing } = x as Tensor;
    return [tensor('bool', dims, missing ?? new Uint8Array(countOf(dims)))];
  },
  plain: (_, b, [x]) => {
    const { data, missing } = x as Plane;
    if (missing) return [{ data: missing, missing: null }];
    // Never missing: false in the shape of the value.
    const no = b.constant(constant('bool', [false], []));
    return [{ data: b.op('Expand', [no, b.op('Shape', [data])]), missing: null }];
  },
  rows: () => 'each',
};
