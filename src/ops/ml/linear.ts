import { attr, floatsOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import { refused } from '../operator.ts';
import { cast, literal, tableInput } from './build.ts';

/**
 * X · coefficientsᵀ + intercepts, float32 `[N, targets]`: the sums of LinearClassifier and LinearRegressor. Any input is
 * cast to float32 first, as onnxruntime does. `coefficients` is [targets, features].
 */
export const linearSums = (node: Node, b: Builder, targets: number): Value => {
  const coefficients = floatsOf(node, 'coefficients') ?? [];
  const intercepts = floatsOf(node, 'intercepts') ?? [];
  const features = coefficients.length / targets;
  const given = tableInput(node).features;
  if (!Number.isInteger(features) || features === 0 || (typeof given === 'number' && given !== features)) {
    refused(
      node,
      `${coefficients.length} coefficients do not fit ${targets} targets of ${given ?? '?'} features`,
    );
  }
  if (intercepts.length !== 0 && intercepts.length !== targets) {
    refused(node, `there are ${intercepts.length} intercepts for ${targets} targets`);
  }
  const inputs = [
    cast(b, node.inputs[0] as Value, 'float32'),
    literal(b, 'float32', coefficients, [targets, features]),
    ...(intercepts.length > 0 ? [literal(b, 'float32', intercepts)] : []),
  ];
  return b.op('Gemm', inputs, { transB: attr.int(1) });
};
