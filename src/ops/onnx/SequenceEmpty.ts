import { intOf } from '../../ir/attributes.ts';
import { tensorType } from '../../ir/model.ts';
import { sequence } from '../../tensor/datum.ts';
import { type Operator, refused } from '../operator.ts';
import { dtypeByNumber, numberOfDtype } from './constraints.ts';

/** A sequence without items, of tensors of `dtype` (float32 unless it says otherwise). ONNX Operators, SequenceEmpty. */
export const SequenceEmpty: Operator = {
  domain: '',
  name: 'SequenceEmpty',
  since: [11],
  infer: (node) => {
    const number = intOf(node, 'dtype', numberOfDtype('float32'));
    const dtype = dtypeByNumber(number) ?? refused(node, `dtype ${number} is no element type`);
    return [{ kind: 'sequence', of: tensorType(dtype, null) }];
  },
  apply: () => [sequence([])],
};
