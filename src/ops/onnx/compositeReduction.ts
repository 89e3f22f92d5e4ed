/** Reductions that the standard says in ReduceSum and elementary operators; each step rounds. */
import { intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { knownInts, rowsByType } from './axes.ts';
import { axesAsAttribute } from './earlier.ts';
import { attributeReduction, inferReduction } from './reduce.ts';

/** ReduceSum over the node's own axes, with its attributes. */
export const reduceSum = (node: Node, b: Builder, x: Value): Value =>
  b.op('ReduceSum', [x, ...node.inputs.slice(1)], Object.fromEntries(node.attributes));

/** Over no axes at all it is its steps; else as other reductions. */
const express: NonNullable<Operator['express']> = (node, b, opsets) =>
  intOf(node, 'noop_with_empty_axes', 0) !== 0 && !knownInts(node, 1, b.known)?.length
    ? undefined
    : axesAsAttribute(node, b, opsets);

/** All versions of such a reduction; `input` are those with the axes as input 1. */
export const compositeReduction = (
  name: string,
  dtypes: readonly DType[],
  input: readonly number[],
  expand: NonNullable<Operator['expand']>,
): readonly Operator[] => [
  {
    domain: '',
    name,
    since: input,
    infer: inferReduction(dtypes),
    expand,
    express,
    rows: (node) => rowsByType(node),
  },
  attributeReduction(name, dtypes, [1, 11, 13]),
];
