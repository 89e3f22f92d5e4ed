import { attr, intOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { counting, extents, reshaped, spelling, whole } from './spelling.ts';
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
  express: (node, b, opsets) => {
    // Before 10: the places of the steps, time and batch made one axis.
    if ((opsets.get('') ?? 0) >= 10) return undefined;
    const [x, lengths] = node.inputs as readonly [Value, Value];
    const dims = extents(x);
    if (isRefusal(dims)) return dims;
    const { batch } = axesOf(node);
    const turn = (v: Value): Value =>
      b.op('Transpose', [v], { perm: attr.ints([1, 0, ...dims.map((_, i) => i).slice(2)]) });
    const inTime = batch === 0 ? turn(x) : x;
    const [steps, size] = [dims[1 - batch] as number, dims[batch] as number];
    const s = spelling(b, 'int64');
    const t = whole(
      b,
      Array.from({ length: steps }, (_, i) => i),
      [steps, 1],
    );
    const back = b.op('Sub', [s.sub(lengths, 1), t]);
    const place = s.add(s.mul(s.where(s.less(t, lengths), back, t), size), counting(b, [size]));
    const flat = reshaped(b, inTime, [steps * size, ...dims.slice(2)]);
    const turned = b.op('Gather', [flat, place]);
    return [batch === 0 ? turn(turned) : turned];
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
