/** What Softmax, LogSoftmax and Hardmax share: an axis, and versions that joined all axes from it on. */
import { attr, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, rowsUnless } from './axes.ts';
import { floats } from './constraints.ts';
import { earlier } from './earlier.ts';
import { finish, vector } from './expansion.ts';

const inferAlong =
  (otherwise: number): Operator['infer'] =>
  (node) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    if (dims !== null && dims.length > 0) axisOf(node, dims.length, otherwise);
    return [tensorType(dtype, dims)];
  };

/** All versions of such an operator; `steps` says the newest in others. */
export const alongAxis = (
  name: string,
  steps: Pick<Operator, 'expand' | 'evaluate' | 'lower'>,
): readonly Operator[] => [
  {
    domain: '',
    name,
    since: [13],
    infer: inferAlong(-1),
    ...steps,
    express: lastAxis,
    rows: (node) => rowsUnless(node, [intOf(node, 'axis', -1)]),
  },
  {
    domain: '',
    name,
    since: [1, 11],
    infer: inferAlong(1),
    expand: (node, b) => {
      const [x] = node.inputs as readonly [Value];
      const rank = dimsOf(x)?.length;
      const axis = intOf(node, 'axis', 1);
      // The last axis alone needs no joining.
      if (rank !== undefined && (axis === rank - 1 || axis === -1)) {
        return finish(node, b, name, [x], { axis: attr.int(-1) });
      }
      const flat = b.op(name, [b.op('Flatten', [x], { axis: attr.int(axis) })], { axis: attr.int(1) });
      return finish(node, b, 'Reshape', [flat, b.op('Shape', [x])]);
    },
  },
];

/**
 * Before 13 the axes from `axis` on were one: the same where that is the last. Another axis is moved to the end, and back.
 */
const lastAxis: NonNullable<Operator['express']> = (node, b, opsets) => {
  const [x] = node.inputs as readonly [Value];
  const rank = dimsOf(x)?.length;
  if (rank === undefined) {
    return refuse(
      'express/rank',
      'before opset 13 it works on the last axis alone, and the rank is not known',
    );
  }
  const axis = axisOf(node, rank, -1);
  if (axis === rank - 1) return earlier(node, b, opsets, [x], { axis: attr.int(axis) });
  const perm = {
    perm: attr.ints(
      Array.from({ length: rank }, (_, i) => i)
        .with(axis, rank - 1)
        .with(rank - 1, axis),
    ),
  };
  const along = b.op(node.op.name, [b.op('Transpose', [x], perm)], { axis: attr.int(-1) });
  return finish(node, b, 'Transpose', [along], perm);
};

/** The element minus the largest one along the axis, and the exponentials of that: e^x stays below 1. */
export const shifted = (node: Node, b: Builder): { difference: Value; exponential: Value; axes: Value } => {
  const [x] = node.inputs as readonly [Value];
  const axes = vector(b, [intOf(node, 'axis', -1)]);
  const difference = b.op('Sub', [x, b.op('ReduceMax', [x, axes])]);
  return { difference, exponential: b.op('Exp', [difference]), axes };
};
