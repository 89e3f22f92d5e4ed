import { intOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { take } from './take.ts';

/** Of each sequence in a batch the first `sequence_lens[i]` elements in time, turned round. ONNX Operators, ReverseSequence. */
export const ReverseSequence: Operator = {
  domain: '',
  name: 'ReverseSequence',
  since: [10, 28],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    const lengths = tensorInput(node, 1, ['int64']);
    const { batch } = axesOf(node);
    if (dims !== null && dims.length < 2) refused(node, 'its input has a batch axis and a time axis');
    if (lengths.dims !== null && lengths.dims.length !== 1) refused(node, 'sequence_lens is a vector');
    const [size, count] = [dims?.[batch], lengths.dims?.[0]];
    if (typeof size === 'number' && typeof count === 'number' && size !== count)
      refused(node, `sequence_lens has ${count} elements for a batch of ${size}`);
    return [tensorType(dtype, dims)];
  },
  evaluate: ([x, lengths], node) => {
    const t = x as Tensor;
    const { batch, time } = axesOf(node);
    const [m, n] = t.dims as [number, number];
    const [size, steps] = batch === 0 ? [m, n] : [n, m];
    const count = Array.from((lengths as Tensor).data as BigInt64Array, Number);
    if (count.length !== size || count.some((c) => c < 0 || c > steps))
      refused(node, `sequence_lens [${count}] does not fit ${size} sequences of ${steps} elements`);
    const inner = countOf(t.dims.slice(2));
    const index = Int32Array.from({ length: countOf(t.dims) }, (_, at) => {
      const place = Math.floor(at / inner);
      const [i, j] = [Math.floor(place / n), place % n];
      const [sequence, step] = batch === 0 ? [i, j] : [j, i];
      const until = count[sequence] as number;
      if (step >= until) return at;
      return at + (until - 1 - 2 * step) * (time === 0 ? n : 1) * inner;
    });
    return [take(t, t.dims, index)];
  },
  carriers: whereHeld,
  rows: (node) =>
    // With the batch in front each row is a sequence, and has its length in the same row.
    axesOf(node).batch === 0 && dimsOf(node.inputs[1])?.[0] === dimsOf(node.inputs[0])?.[0]
      ? rowsByType(node, 2)
      : 'all',
};

const axesOf = (node: Node): { readonly batch: number; readonly time: number } => {
  const [batch, time] = [intOf(node, 'batch_axis', 1), intOf(node, 'time_axis', 0)];
  return (batch === 0 && time === 1) || (batch === 1 && time === 0)
    ? { batch, time }
    : refused(node, `batch_axis is ${batch} and time_axis ${time}; they are 0 and 1, or 1 and 0`);
};
