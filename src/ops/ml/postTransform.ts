/**
 * The transforms of scores that classifiers and regressors share. The specification names them and gives no formulas;
 * these are onnxruntime's, which are float32 whatever the dtype of the scores was.
 */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Node, OWN, type Value } from '../../ir/model.ts';
import { refused } from '../operator.ts';
import { literal } from './build.ts';

/** In the order of their numbers in TreeEnsemble 5. */
const postTransforms = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'] as const;

export type PostTransform = (typeof postTransforms)[number];

export const postTransformOf = (node: Node): PostTransform => {
  const a = node.attributes.get('post_transform');
  const name =
    a === undefined
      ? 'NONE'
      : a.kind === 'string'
        ? a.value
        : a.kind === 'int'
          ? postTransforms[Number(a.value)]
          : undefined;
  return (
    postTransforms.find((p) => p === name) ??
    refused(node, `post_transform is none of ${postTransforms.join(', ')}`)
  );
};

/** Scores float32 `[N, C]` after the transform. `logit` says how LOGISTIC is computed: trees and linear models differ. */
export const postTransform = (b: Builder, scores: Value, kind: PostTransform, logit = logistic): Value => {
  if (kind === 'SOFTMAX') return b.op('Softmax', [scores], { axis: attr.int(1) });
  if (kind === 'LOGISTIC') return logit(b, scores);
  if (kind === 'SOFTMAX_ZERO') return softmaxZero(b, scores);
  if (kind === 'PROBIT') return probit(b, scores);
  return scores;
};

/** 1 / (1 + e^-|x|), and 1 minus that where x < 0: never overflows, but has no small results of full precision. */
export const logistic = (b: Builder, x: Value): Value => {
  const one = literal(b, 'float32', 1);
  const upper = b.op('Div', [one, b.op('Add', [one, b.op('Exp', [b.op('Neg', [b.op('Abs', [x])])])])]);
  return b.op('Where', [b.op('Less', [x, literal(b, 'float32', 0)]), b.op('Sub', [one, upper]), upper]);
};

/** Linear models: 1 / (1 + e^-x) with full precision on both sides. */
export const sigmoid = (b: Builder, x: Value): Value => b.op('Sigmoid', [x]);

/** Softmax over the scores that are not zero (within 1e-7); the others keep x·e^-max and do not enter the sum. */
const softmaxZero = (b: Builder, x: Value): Value => {
  const max = b.op('ReduceMax', [x, literal(b, 'int64', [1])], { keepdims: attr.int(1) });
  const isZero = b.op('LessOrEqual', [b.op('Abs', [x]), literal(b, 'float32', 1e-7)]);
  const exp = b.op('Exp', [b.op('Sub', [x, max])]);
  const sum = b.op([OWN, 'Sum'], [b.op('Where', [isZero, literal(b, 'float32', 0), exp])]);
  const kept = b.op('Mul', [x, b.op('Exp', [b.op('Neg', [max])])]);
  return b.op('Div', [b.op('Where', [isZero, kept, exp]), sum]);
};

/**
 * The normal quantile, √2·erf⁻¹(2x − 1), by Winitzki's approximation (a = 0.147), good to three digits: what
 * onnxruntime and the specification's reference implementation both compute.
 */
const probit = (b: Builder, x: Value): Value => {
  const f = Math.fround;
  const c = (v: number) => literal(b, 'float32', v);
  const u = b.op('Sub', [b.op('Mul', [x, c(2)]), c(1)]);
  const log = b.op('Log', [b.op('Mul', [b.op('Sub', [c(1), u]), b.op('Add', [c(1), u])])]);
  const v = b.op('Add', [c(2 / f(f(Math.PI) * f(0.147))), b.op('Mul', [c(0.5), log])]);
  const w = b.op('Mul', [c(f(1 / f(0.147))), log]);
  const root = b.op('Sqrt', [
    b.op('Add', [b.op('Neg', [v]), b.op('Sqrt', [b.op('Sub', [b.op('Mul', [v, v]), w])])]),
  ]);
  const sign = b.op('Where', [b.op('Less', [u, c(0)]), c(-1), c(1)]);
  return b.op('Mul', [c(Math.SQRT2), b.op('Mul', [sign, root])]);
};
