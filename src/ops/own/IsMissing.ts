import { OWN, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { literal } from '../ml/build.ts';
import { type Operator, type Plane, tensorInput } from '../operator.ts';
import { everywhere, missingInput } from './where.ts';

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
  express: (node, b) => missingInput(node) ?? [everywhere(b, node.inputs[0] as Value, literal(b, 'bool', 0))],
  rows: () => 'each',
};
