/** What the losses share: scores `[N, C, d…]`, a target class `[N, d…]` each, weights `[C]`, and a reduction. */
import { stringOf } from '../../ir/attributes.ts';
import type { Dim, Node } from '../../ir/model.ts';
import { refused, tensorInput } from '../operator.ts';
import type { Dims } from './axes.ts';
import { indices } from './constraints.ts';
import { same } from './extents.ts';

type Reduction = 'none' | 'sum' | 'mean';

export const reductionOf = (node: Node): Reduction => {
  const reduction = stringOf(node, 'reduction', 'mean');
  return reduction === 'none' || reduction === 'sum' || reduction === 'mean'
    ? reduction
    : refused(node, `there is no reduction '${reduction}'`);
};

/** The shape of the loss; a located refusal where scores, targets and weights do not fit. */
export const inferLoss = (node: Node): Dims => {
  const scores = tensorInput(node, 0);
  const target = tensorInput(node, 1, indices);
  const weight = node.inputs[2] ? tensorInput(node, 2, [scores.dtype]) : undefined;
  if (scores.dims && scores.dims.length < 2) refused(node, 'the scores are [N, C] or [N, C, d…]');
  const samples: Dims = scores.dims && [scores.dims[0] as Dim, ...scores.dims.slice(2)];
  const unlike =
    samples &&
    target.dims &&
    (samples.length !== target.dims.length ||
      samples.some((d, i) => {
        const t = target.dims?.[i];
        return typeof d === 'number' && typeof t === 'number' && d !== t;
      }));
  if (unlike) refused(node, 'the targets are one a sample: [N, d…]');
  const [classes, given] = [scores.dims?.[1], weight?.dims?.[0]];
  if (
    weight?.dims &&
    (weight.dims.length !== 1 ||
      (typeof classes === 'number' && typeof given === 'number' && classes !== given))
  ) {
    refused(node, 'the weights are one a class: [C]');
  }
  if (reductionOf(node) !== 'none') return [];
  if (!samples) return target.dims;
  return samples.map((d, i) => same([d, target.dims?.[i] ?? null]));
};
