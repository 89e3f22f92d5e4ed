import { intOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { rowShape, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { sameElements } from './elements.ts';
import { quotient } from './extents.ts';
import { reshaped } from './take.ts';

/** The attribute `axis`, which may also stand behind the last axis. */
const split = (node: Node, rank: number): number => {
  const axis = intOf(node, 'axis', 1);
  if (axis < -rank || axis > rank) refused(node, `axis ${axis} is outside a tensor of rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
};

/** A matrix: the axes before `axis` together, and the others together. ONNX Operators, Flatten. */
export const Flatten: Operator = {
  domain: '',
  name: 'Flatten',
  since: [1, 9, 11, 13, 21, 23, 24, 25],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (dims === null) return [tensorType(dtype, [null, null])];
    const at = split(node, dims.length);
    return [tensorType(dtype, [quotient(dims.slice(0, at)), quotient(dims.slice(at))])];
  },
  elements: sameElements,
  evaluate: ([x], node) => {
    const t = x as Tensor;
    const at = split(node, t.dims.length);
    return [reshaped(t, [countOf(t.dims.slice(0, at)), countOf(t.dims.slice(at))])];
  },
  lower: (node, inputs) => {
    const dims = rowShape(node);
    return isRefusal(dims) ? dims : [{ ...(inputs[0] as Lowered), dims }];
  },
  carriers: whereHeld,
  rows: (node) => rowsByType(node),
};
