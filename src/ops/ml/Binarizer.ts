import { floatOf } from '../../ir/attributes.ts';
import type { Value } from '../../ir/model.ts';
import { isInteger } from '../../tensor/dtype.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { cast, literal, ML, numeric, rowsEach } from './build.ts';

/** Y = 1 where X > threshold, else 0 (where X is NaN too), in the dtype of X. ai.onnx.ml, Binarizer. */
export const Binarizer: Operator = {
  domain: ML,
  name: 'Binarizer',
  since: [1],
  infer: (node) => [tensorInput(node, 0, numeric)],
  expand: (node, b) => {
    const { dtype } = tensorInput(node, 0, numeric);
    // Integers are compared as doubles: a threshold of 0.5 must not become 0.
    const compared = isInteger(dtype) ? 'float64' : dtype;
    const x = cast(b, node.inputs[0] as Value, compared);
    const above = b.op('Greater', [x, literal(b, compared, floatOf(node, 'threshold', 0))]);
    return [cast(b, above, dtype)];
  },
  rows: rowsEach,
};
