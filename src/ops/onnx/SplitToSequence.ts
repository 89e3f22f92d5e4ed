import { intOf } from '../../ir/attributes.ts';
import { type Dim, type Node, tensorType } from '../../ir/model.ts';
import { load } from '../../tensor/data.ts';
import { sequence } from '../../tensor/datum.ts';
import { countOf, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, ints } from './axes.ts';
import { asTensor } from './bodies.ts';
import { copyRuns } from './take.ts';

/** Is the axis taken away from the parts? Only where nothing says how long they are: then each is 1 long. */
const isTaken = (node: Node): boolean => !node.inputs[1] && intOf(node, 'keepdims', 1) === 0;

/** How long the parts of an extent are: all of one length but perhaps the last, or as listed. */
const lengths = (node: Node, extent: number, split: Tensor | null): readonly number[] => {
  const given = ints(split) ?? [1];
  if (split && split.dims.length > 1)
    refused(node, `split has rank ${split.dims.length}; it takes a number or a list`);
  if (split?.dims.length === 1) {
    const all = given.reduce((a, b) => a + b, 0);
    return all === extent && given.every((n) => n >= 0)
      ? given
      : refused(node, `parts of ${given} do not make up an axis of extent ${extent}`);
  }
  const size = given[0] as number;
  if (!(size > 0)) refused(node, `parts of ${size} do not make up an axis`);
  return Array.from({ length: Math.ceil(extent / size) }, (_, i) => Math.min(size, extent - i * size));
};

/** What every part has along the axis; null where they differ, or it is not known. */
const partLength = (node: Node, extent: Dim, split: Tensor | null | undefined): Dim => {
  if (split === null) return 1;
  if (split === undefined || (typeof extent !== 'number' && split.dims.length === 0)) return null;
  const parts = typeof extent === 'number' ? lengths(node, extent, split) : (ints(split) as number[]);
  return parts.every((p) => p === parts[0]) ? (parts[0] ?? null) : null;
};

/** The input cut into a sequence of parts along `axis`. ONNX Operators, SplitToSequence. */
export const SplitToSequence: Operator = {
  domain: '',
  name: 'SplitToSequence',
  since: [11, 24],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (node.inputs[1]) tensorInput(node, 1, ['int32', 'int64']);
    if (dims === null) return [{ kind: 'sequence', of: tensorType(dtype, null) }];
    const axis = axisOf(node, dims.length, 0);
    const constant = known(node.inputs[1]);
    const split = node.inputs[1] ? constant && load(constant) : null;
    const part = isTaken(node) ? [] : [partLength(node, dims[axis] ?? null, split)];
    return [{ kind: 'sequence', of: tensorType(dtype, dims.toSpliced(axis, 1, ...part)) }];
  },
  apply: ([given, split], node) => {
    const x = asTensor(node, 'input 0', given);
    const axis = axisOf(node, x.dims.length, 0);
    const extent = x.dims[axis] as number;
    const inner = countOf(x.dims.slice(axis + 1));
    const outer = countOf(x.dims.slice(0, axis));
    let at = 0;
    const parts = lengths(node, extent, split ? asTensor(node, 'split', split) : null).map((part) => {
      const out = zeros(x.dtype, x.dims.with(axis, part));
      const run = part * inner;
      copyRuns(
        { to: out, at: 0, step: run },
        { from: x, start: at * inner, step: extent * inner },
        run,
        outer,
      );
      at += part;
      return isTaken(node) ? tensor(out.dtype, x.dims.toSpliced(axis, 1), out.data) : out;
    });
    return [sequence(parts)];
  },
};
