import { intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { inlineRegion } from '../../ir/copy.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, type Region, tensorType, type Value } from '../../ir/model.ts';
import { isTensor } from '../../tensor/datum.ts';
import type { DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { dimsOf } from '../onnx/axes.ts';
import { checkArity } from '../onnx/bodies.ts';
import { dtypeByNumber, floats } from '../onnx/constraints.ts';
import { cast } from '../onnx/conversion.ts';
import { unary } from '../onnx/elementwise.ts';
import { asked } from '../onnx/extents.ts';
import {
  agree,
  groupOf,
  headProducts,
  repeatedHeads,
  rootOfScale,
  scaledProduct,
  softmaxOverKeys,
} from '../onnx/heads.ts';
import { castTo } from '../onnx/normalization.ts';
import { type Operator, refused, type Scope, tensorInput } from '../operator.ts';

const domain = 'ai.onnx.preview';

/**
 * Attention whose scores and weights the model changes by graphs of its own. Q `[batch, Hq, length, size]`, K and V
 * `[batch, Hkv, keys, size]`; Hq / Hkv heads of queries share one of keys.
 *
 *     scores  = score_mod((Q · √scale) (K · √scale)ᵀ)
 *     weights = prob_mod(softmax(scores))
 *     Y       = weights V
 *
 * From the scores on in the dtype of softmax_precision, single unless Q is double. ai.onnx.preview, FlexAttention 1, and
 * its function body.
 */
export const FlexAttention: Operator = {
  domain,
  name: 'FlexAttention',
  since: [1],
  infer: (node) => {
    const q = tensorInput(node, 0, floats);
    const [k, v] = [tensorInput(node, 1, [q.dtype]).dims, tensorInput(node, 2, [q.dtype]).dims];
    for (const dims of [q.dims, k, v]) {
      if (dims && dims.length !== 4) refused(node, `Q, K and V have rank 4, not ${dims.length}`);
    }
    precisionOf(node);
    for (const name of modifiers) {
      const region = modifierOf(node, name);
      if (region) checkArity(node, name, region, 1, 1);
    }
    const batch = agree(node, 'batches', q.dims?.[0], k?.[0], v?.[0]);
    const [queries, shared] = [q.dims?.[1], agree(node, 'heads of keys and values', k?.[1], v?.[1])];
    if (typeof queries === 'number' && typeof shared === 'number') groupOf(node, queries, shared);
    agree(node, 'lengths of keys and values', k?.[2], v?.[2]);
    agree(node, 'sizes of queries and keys', q.dims?.[3], k?.[3]);
    return [tensorType(q.dtype, [batch, queries ?? null, q.dims?.[2] ?? null, v?.[3] ?? null])];
  },
  bodies: (node) => {
    const [q, k] = [dimsOf(node.inputs[0]), dimsOf(node.inputs[1])];
    const at = (dims: readonly Dim[] | null, i: number): Dim => dims?.[i] ?? null;
    const scores = tensorType(precisionOf(node), [at(q, 0), at(q, 1), at(q, 2), at(k, 2)]);
    return new Map(modifiers.map((name) => [name, { params: [scores] }]));
  },
  apply: (inputs, node, scope) => {
    const [q, k, v] = inputs as readonly [Tensor, Tensor, Tensor];
    const [batch, heads, , size] = q.dims as [number, number, number, number];
    groupOf(node, heads, k.dims[1] as number);
    if (k.dims[0] !== batch || k.dims[3] !== size || v.dims.slice(0, 3).some((d, i) => d !== k.dims[i])) {
      refused(node, `Q [${q.dims}], K [${k.dims}] and V [${v.dims}] do not fit`);
    }
    asked(node, [batch, heads, q.dims[2] as number, k.dims[2] as number]);
    const precision = precisionOf(node);
    const root = rounder(q.dtype)(rootOfScale(node, size));
    const times = (t: Tensor): Tensor => unary(t, (x: number) => x * root);
    const scores = cast(headProducts(times(q), times(k), true), precision, exactly);
    const weights = softmaxOverKeys(modified(node, 'score_mod', scores, scope));
    const y = headProducts(modified(node, 'prob_mod', weights, scope), cast(v, precision, exactly), false);
    return [cast(y, q.dtype, exactly)];
  },
  expand: (node, b) => body(node, b),
};

const modifiers = ['score_mod', 'prob_mod'] as const;

const exactly = { saturate: true, roundMode: 'up' } as const;

const precisionOf = (node: Node): DType => {
  const { dtype } = tensorInput(node, 0);
  if (!node.attributes.has('softmax_precision')) return dtype === 'float64' ? dtype : 'float32';
  const asked = dtypeByNumber(intOf(node, 'softmax_precision'));
  return asked && floats.includes(asked)
    ? asked
    : refused(node, 'softmax_precision is no floating-point dtype');
};

const modifierOf = (node: Node, name: (typeof modifiers)[number]): Region | undefined => {
  const a = node.attributes.get(name);
  if (a === undefined) return undefined;
  return a.kind === 'region' ? a.region : refused(node, `${name} is no graph`);
};

/** What the model's graph makes of a tensor: one of the same shape and dtype. */
const modified = (node: Node, name: (typeof modifiers)[number], t: Tensor, scope: Scope): Tensor => {
  const region = modifierOf(node, name);
  if (!region) return t;
  const [out] = scope.run(region, [t]);
  return out && isTensor(out) && out.dtype === t.dtype && out.dims.join() === t.dims.join()
    ? out
    : refused(node, `${name} must give ${t.dtype}[${t.dims}] again`);
};

const body = (node: Node, b: Builder): readonly Value[] | Refusal => {
  const [q, k, v] = node.inputs as readonly [Value, Value, Value];
  const { dtype } = tensorInput(node, 0);
  const [queries, shared] = [dimsOf(q)?.[1], dimsOf(k)?.[1] ?? dimsOf(v)?.[1]];
  if (typeof queries !== 'number' || typeof shared !== 'number') {
    return refuse(
      'ops/heads-needed',
      'attention is said in other operators where the number of its heads is known',
    );
  }
  const group = groupOf(node, queries, shared);
  const precision = precisionOf(node);
  const through = (name: (typeof modifiers)[number], x: Value): Value => {
    const region = modifierOf(node, name);
    return region ? (inlineRegion(region, b, [x])[0] as Value) : x;
  };
  const product = scaledProduct(node, b, q, repeatedHeads(b, k, shared, group), dtype);
  const weights = b.op('Softmax', [through('score_mod', castTo(b, product, precision))]);
  const values = castTo(b, repeatedHeads(b, v, shared, group), precision);
  return [castTo(b, b.op('MatMul', [through('prob_mod', weights), values]), dtype)];
};
