import { floatsOf, intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused } from '../operator.ts';
import { ML, rowsEach, tableInput } from './build.ts';
import { postTransformOf } from './postTransform.ts';
import { dot, kernelOf, rowsOf, transformed } from './svm.ts';

/**
 * Y = post_transform(Σ coefficientᵢ · kernel(X, support vectorᵢ) + rho), float32 `[N, 1]` for any input; without support
 * vectors X · coefficients + rho. `one_class`: 1 where that is positive, else −1. ai.onnx.ml, SVMRegressor.
 * onnxruntime 1.30 ignores `post_transform`; the specification does not, nor does this.
 */
export const SVMRegressor: Operator = {
  domain: ML,
  name: 'SVMRegressor',
  since: [1],
  infer: (node) => {
    const { rows, features } = tableInput(node);
    const expected = parts(node).features;
    if (typeof features === 'number' && features !== expected) {
      refused(node, `the input has ${features} features, the vectors ${expected}`);
    }
    return [tensorType('float32', [rows, 1])];
  },
  evaluate: ([x], node) => {
    const given = x as Tensor;
    const { coefficients, vectors, count, features, rho } = parts(node);
    if (given.dims[1] !== features) refused(node, `the input has ${given.dims[1]} features, not ${features}`);
    const kernel = kernelOf(node);
    const transform = postTransformOf(node);
    const oneClass = intOf(node, 'one_class', 0) !== 0;
    const rows = rowsOf(given);
    const n = given.dims[0] as number;
    const out = new Float32Array(n);
    for (let r = 0; r < n; r++) {
      let sum = 0;
      if (count === 0) sum = dot(rows, r, coefficients, 0, features);
      for (let v = 0; v < count; v++) {
        sum += (coefficients[v] as number) * kernel(rows, r, vectors, v, features);
      }
      const score = Math.fround(Math.fround(sum) + rho);
      out[r] = oneClass ? (score > 0 ? 1 : -1) : (transformed([score], transform)[0] as number);
    }
    return [tensor('float32', [n, 1], out)];
  },
  lower: () => refuse('ml/no-row-form', 'support vector machines have no form in the row language yet'),
  rows: rowsEach,
};

const parts = (node: Node) => {
  const coefficients = Float32Array.from(floatsOf(node, 'coefficients') ?? []);
  const vectors = Float32Array.from(floatsOf(node, 'support_vectors') ?? []);
  const rho = Math.fround(Number(floatsOf(node, 'rho')?.[0] ?? 0));
  const count = intOf(node, 'n_supports', 0);
  const features = count > 0 ? vectors.length / count : coefficients.length;
  if (!Number.isInteger(features) || features < 1 || (count > 0 && coefficients.length !== count)) {
    refused(
      node,
      `${coefficients.length} coefficients do not fit ${count} vectors of ${vectors.length} numbers`,
    );
  }
  return { coefficients, vectors, count, features, rho };
};
