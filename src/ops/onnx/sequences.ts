/** What the operators on sequences share: their items' type, and places in them. */
import type { Node, Type } from '../../ir/model.ts';
import { formatType, join } from '../../ir/shape.ts';
import { type Datum, isTensor, type Sequence } from '../../tensor/datum.ts';
import { refused } from '../operator.ts';
import { asInt } from './bodies.ts';

const unknown: Type = { kind: 'unknown' };

/** The type of an item of input `i`, which must be a sequence. */
export const itemType = (node: Node, i = 0): Type => {
  const type = node.inputs[i]?.type ?? refused(node, `input ${i} is missing`);
  if (type.kind === 'unknown') return unknown;
  return type.kind === 'sequence'
    ? type.of
    : refused(node, `input ${i} is ${formatType(type)}, not a sequence`);
};

/** What items of a sequence are that are one of several types: they must be of one kind, and tensors of one dtype. */
export const oneType = (node: Node, types: readonly Type[]): Type =>
  types.reduce((a, b) => {
    const both = join(a, b);
    if (both.kind === 'unknown' && a.kind !== 'unknown' && b.kind !== 'unknown') {
      return refused(node, `a sequence cannot hold ${formatType(a)} and ${formatType(b)}`);
    }
    return both;
  });

export const asSequence = (node: Node, d: Datum | null | undefined, i = 0): Sequence => {
  if (!d) return refused(node, `input ${i} is missing`);
  return !isTensor(d) && d.kind === 'sequence'
    ? d
    : refused(node, `input ${i} is a ${isTensor(d) ? 'tensor' : d.kind}, not a sequence`);
};

/** A place in `[-last - 1, last]`, counted from the front; `otherwise` where none is given. */
export const placeOf = (
  node: Node,
  position: Datum | null | undefined,
  count: number,
  last: number,
  otherwise: number,
): number => {
  const given = position ? asInt(node, 'the position', position) : otherwise;
  if (!(given >= -count && given <= last)) {
    return refused(node, `position ${given} is outside of a sequence of ${count} items`);
  }
  return given < 0 ? given + count : given;
};
