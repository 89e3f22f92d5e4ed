import { intOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { knownInts } from './axes.ts';

/**
 * Of boxes that overlap the one with the best score, for each batch and class, the best first: `[batch, class, box]`.
 * ONNX Operators, NonMaxSuppression. Of equal scores the lower index comes first (so the standard's cases). A box goes
 * when its score is less than the threshold: the text keeps equal ones, where its reference and onnxruntime drop them.
 */
export const NonMaxSuppression: Operator = {
  domain: '',
  name: 'NonMaxSuppression',
  since: [10, 11],
  infer: (node, known) => {
    const boxes = tensorInput(node, 0, ['float32']).dims;
    const scores = tensorInput(node, 1, ['float32']).dims;
    if (boxes !== null && (boxes.length !== 3 || (boxes[2] !== 4 && typeof boxes[2] === 'number')))
      refused(node, 'boxes are [batches, boxes, 4]');
    if (scores !== null && scores.length !== 3) refused(node, 'scores are [batches, classes, boxes]');
    formatOf(node);
    if (node.inputs[2]) tensorInput(node, 2, ['int64']);
    for (const i of [3, 4]) if (node.inputs[i]) tensorInput(node, i, ['float32']);
    const most = node.inputs[2] ? knownInts(node, 2, known)?.[0] : 0;
    const none = most === 0 || [...(boxes?.slice(0, 2) ?? []), ...(scores ?? [])].includes(0);
    return [tensorType('int64', [none ? 0 : null, 3])];
  },
  evaluate: ([boxes, scores, most, overlap, least], node) => {
    const [b, s] = [boxes, scores] as [Tensor, Tensor];
    const [batches, classes, count] = s.dims as [number, number, number];
    if (b.dims.join() !== [batches, count, 4].join())
      refused(node, `boxes [${b.dims}] do not fit scores [${s.dims}]`);
    const limit = Number(most?.data[0] ?? 0);
    const threshold = Number(overlap?.data[0] ?? 0);
    const floor = least ? Number(least.data[0]) : undefined;
    const edges = edgesOf(b.data as Float32Array, formatOf(node));
    const found: number[] = [];
    for (let batch = 0; batch < batches; batch++) {
      for (let group = 0; group < classes; group++) {
        const from = (batch * classes + group) * count;
        const score = (s.data as Float32Array).subarray(from, from + count);
        for (const box of select(score, batch * count, edges, limit, threshold, floor))
          found.push(batch, group, box);
      }
    }
    return [tensorOf('int64', [found.length / 3, 3], found)];
  },
};

const formatOf = (node: Node): 0 | 1 => {
  const format = intOf(node, 'center_point_box', 0);
  return format === 0 || format === 1 ? format : refused(node, `center_point_box is ${format}; it is 0 or 1`);
};

/** Corner and opposite corner, or centre and extents, as lower and upper edges on both axes. */
const edgesOf = (boxes: Float32Array, format: 0 | 1): Float32Array => {
  const out = new Float32Array(boxes.length);
  for (let i = 0; i < boxes.length; i += 4) {
    for (const axis of [0, 1]) {
      const [a, c] = [boxes[i + axis] as number, boxes[i + axis + 2] as number];
      const half = Math.fround(c / 2);
      const [low, high] = format === 1 ? [a - half, a + half] : [Math.min(a, c), Math.max(a, c)];
      out[i + axis] = low;
      out[i + axis + 2] = high;
    }
  }
  return out;
};

/** The boxes of one class that stay, the best first. */
const select = (
  score: Float32Array,
  first: number,
  edges: Float32Array,
  limit: number,
  threshold: number,
  floor: number | undefined,
): readonly number[] => {
  const order = Array.from(score, (_, i) => i)
    .filter((i) => floor === undefined || (score[i] as number) >= floor)
    .sort(
      (i, j) =>
        Number((score[j] as number) > (score[i] as number)) -
        Number((score[i] as number) > (score[j] as number)),
    );
  const kept: number[] = [];
  for (const i of order) {
    if (kept.length >= limit) break;
    if (kept.every((k) => !(overlapOf(edges, 4 * (first + k), 4 * (first + i)) > threshold))) kept.push(i);
  }
  return kept;
};

/** Intersection over union, every step in single precision; boxes without an area overlap with nothing. */
const overlapOf = (edges: Float32Array, i: number, j: number): number => {
  const f = Math.fround;
  const at = (k: number) => edges[k] as number;
  const side = (axis: number) =>
    f(Math.min(at(i + axis + 2), at(j + axis + 2)) - Math.max(at(i + axis), at(j + axis)));
  const area = (k: number) => f(f(at(k + 2) - at(k)) * f(at(k + 3) - at(k + 1)));
  const [height, width] = [side(0), side(1)];
  if (!(height > 0 && width > 0)) return 0;
  const both = f(height * width);
  const union = f(f(area(i) + area(j)) - both);
  return union > 0 ? f(both / union) : 0;
};
