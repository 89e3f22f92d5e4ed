import { intOf } from '../../ir/attributes.ts';
import { tensorType } from '../../ir/model.ts';
import type { Operator } from '../operator.ts';
import { ML, rowsEach, tableInput } from './build.ts';
import { linearSums } from './linear.ts';
import { postTransform, postTransformOf, sigmoid } from './postTransform.ts';

/**
 * Y = post_transform(X · coefficientsᵀ + intercepts), float32 `[N, targets]` for any input. ai.onnx.ml,
 * LinearRegressor. onnxruntime 1.30 skips all transforms but PROBIT where there is one target; the specification does
 * not, nor does this.
 */
export const LinearRegressor: Operator = {
  domain: ML,
  name: 'LinearRegressor',
  since: [1],
  infer: (node) => [tensorType('float32', [tableInput(node).rows, intOf(node, 'targets', 1)])],
  expand: (node, b) => [
    postTransform(b, linearSums(node, b, intOf(node, 'targets', 1)), postTransformOf(node), sigmoid),
  ],
  rows: rowsEach,
};
