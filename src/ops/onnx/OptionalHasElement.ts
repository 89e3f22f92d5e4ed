import { tensorType } from '../../ir/model.ts';
import { isTensor } from '../../tensor/datum.ts';
import { scalar } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';

/** Is there a value? None is in an optional that holds nothing, and where no input is given. ONNX Operators, OptionalHasElement. */
export const OptionalHasElement: Operator = {
  domain: '',
  name: 'OptionalHasElement',
  since: [15, 18, 28],
  infer: () => [tensorType('bool', [])],
  apply: ([x = null]) => [
    scalar('bool', x !== null && (isTensor(x) || x.kind !== 'optional' || x.value !== null)),
  ],
};
