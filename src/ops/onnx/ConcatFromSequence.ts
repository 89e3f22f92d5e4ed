import { intOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { formatType } from '../../ir/shape.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused } from '../operator.ts';
import { fromFront } from './axes.ts';
import { asTensor, Stack } from './bodies.ts';
import { asSequence, itemType } from './sequences.ts';
import { copyRuns } from './take.ts';

const isNew = (node: Node): boolean => {
  const flag = intOf(node, 'new_axis', 0);
  return flag === 0 || flag === 1 ? flag === 1 : refused(node, `new_axis is ${flag}; it is 0 or 1`);
};

/** Tensors of one shape but for the axis, one behind the other. */
const joined = (node: Node, parts: readonly Tensor[]): Tensor => {
  const [first] = parts as readonly [Tensor];
  const axis = fromFront(node, intOf(node, 'axis'), first.dims.length);
  const fits = (t: Tensor) =>
    t.dtype === first.dtype &&
    t.dims.length === first.dims.length &&
    t.dims.every((d, i) => i === axis || d === first.dims[i]);
  if (!parts.every(fits))
    refused(node, `shapes ${parts.map((t) => `[${t.dims}]`)} do not join at axis ${axis}`);
  const length = parts.reduce((n, t) => n + (t.dims[axis] as number), 0);
  const out = zeros(first.dtype, first.dims.with(axis, length));
  const inner = countOf(first.dims.slice(axis + 1));
  const outer = countOf(first.dims.slice(0, axis));
  let at = 0;
  for (const t of parts) {
    const run = (t.dims[axis] as number) * inner;
    copyRuns({ to: out, at, step: length * inner }, { from: t, start: 0, step: run }, run, outer);
    at += run;
  }
  return out;
};

/**
 * The items of a sequence joined along `axis`, or along a new axis there. A sequence without items has no shape to give, and is
 * refused. ONNX Operators, ConcatFromSequence.
 */
export const ConcatFromSequence: Operator = {
  domain: '',
  name: 'ConcatFromSequence',
  since: [11],
  infer: (node) => {
    const of = itemType(node);
    if (of.kind === 'unknown') return [of];
    if (of.kind !== 'tensor') return refused(node, `it joins tensors, not ${formatType(of)}`);
    if (of.dims === null) return [tensorType(of.dtype, null)];
    const added = isNew(node);
    const axis = fromFront(node, intOf(node, 'axis'), of.dims.length + Number(added));
    return [tensorType(of.dtype, of.dims.toSpliced(axis, added ? 0 : 1, null))];
  },
  apply: ([from], node) => {
    const { items } = asSequence(node, from);
    if (items.length === 0) refused(node, 'the sequence has no items to join');
    const parts = items.map((d) => asTensor(node, 'an item', d));
    if (!isNew(node)) return [joined(node, parts)];
    const stack = new Stack(node, { kind: 'unknown' });
    for (const p of parts) stack.push(p);
    return [stack.tensor(intOf(node, 'axis'))];
  },
};
