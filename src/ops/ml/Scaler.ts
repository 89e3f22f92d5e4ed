import { floatsOf } from '../../ir/attributes.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { cast, checkFeatures, literal, ML, numeric, rowsUnlessFeatures } from './build.ts';

/**
 * Y = (X − offset) · scale, float32 for any input; one offset and scale a feature, or one for all. ai.onnx.ml, Scaler.
 * float64 is computed in float64 and rounded at the end, all else in float32: the profile `onnxruntime`.
 */
export const Scaler: Operator = {
  domain: ML,
  name: 'Scaler',
  since: [1],
  infer: (node) => [tensorType('float32', tensorInput(node, 0, numeric).dims)],
  expand: (node, b) => {
    const { dtype, dims } = tensorInput(node, 0, numeric);
    const offset = floatsOf(node, 'offset') ?? [];
    const scale = floatsOf(node, 'scale') ?? [];
    if (offset.length !== scale.length || offset.length === 0) {
      refused(node, `offset has ${offset.length} numbers, scale ${scale.length}; they must be as many`);
    }
    if (offset.length > 1 && (dims?.length ?? 2) > 2) {
      refused(node, `offset has ${offset.length} numbers; the input is no [N, F]`);
    }
    checkFeatures(node, dims, offset.length, 'offset');
    const computed = dtype === 'float64' ? 'float64' : 'float32';
    const x = cast(b, node.inputs[0] as Value, computed);
    const shifted = b.op('Sub', [x, literal(b, computed, offset)]);
    return [cast(b, b.op('Mul', [shifted, literal(b, computed, scale)]), 'float32')];
  },
  rows: (node) => rowsUnlessFeatures(node, ['offset']),
};
