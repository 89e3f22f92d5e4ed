/** What several expressions in ONNX operators share: logic, sums, axes. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import type { Attribute, Node, Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import type { DType } from '../../tensor/dtype.ts';

export const dtypeOf = (v: Value): DType | undefined => (v.type.kind === 'tensor' ? v.type.dtype : undefined);

/** Where, in logic for booleans: onnxruntime has no kernel of Where for them. */
export const where = (b: Builder, when: Value, then: Value, otherwise: Value): Value =>
  dtypeOf(then) === 'bool'
    ? b.op('Or', [b.op('And', [when, then]), b.op('And', [b.op('Not', [when]), otherwise])])
    : b.op('Where', [when, then, otherwise]);

/** The disjunction of those that are there; null where none is. */
export const orAll = (b: Builder, parts: readonly (Value | null)[]): Value | null =>
  parts.reduce<Value | null>((any, p) => (any && p ? b.op('Or', [any, p]) : (any ?? p)), null);

export const not = (b: Builder, x: Value): Value => b.op('Not', [x]);

type Opsets = ReadonlyMap<string, number>;

const opset = (opsets: Opsets): number => opsets.get('') ?? 0;

/** First opset where the axes of an operator are an input; attributes before. */
const axesInput: ReadonlyMap<string, number> = new Map([
  ['ReduceSum', 13],
  ['Unsqueeze', 13],
  ['ReduceMax', 18],
]);

const overAxis = (
  b: Builder,
  op: string,
  x: Value,
  axis: number,
  opsets: Opsets,
  more: Readonly<Record<string, Attribute>>,
): Value =>
  opset(opsets) >= (axesInput.get(op) ?? 0)
    ? b.op(op, [x, b.constant(constant('int64', [axis]))], more)
    : b.op(op, [x], { ...more, axes: attr.ints([axis]) });

/** ReduceSum or ReduceMax over one axis. */
export const reduce = (
  b: Builder,
  op: 'ReduceSum' | 'ReduceMax',
  x: Value,
  axis: number,
  opsets: Opsets,
  keepdims = false,
): Value => overAxis(b, op, x, axis, opsets, { keepdims: attr.int(keepdims ? 1 : 0) });

/** A further axis of extent 1, the last. */
export const withLastAxis = (b: Builder, x: Value, opsets: Opsets): Value => {
  const rank = x.type.kind === 'tensor' ? x.type.dims?.length : undefined;
  return overAxis(b, 'Unsqueeze', x, rank ?? -1, opsets, {});
};

/** A scalar in the shape of a value. */
export const everywhere = (b: Builder, like: Value, scalar: Value): Value =>
  b.op('Expand', [scalar, b.op('Shape', [like])]);

/**
 * Sum over axis 1 of `[N, K]` in order, `[N, 1]`, from `start` `[1]` on. CumSum of onnxruntime adds one after the other in
 * the dtype (bit for bit the loop, measured in float32 and float64, on one thread and four); its ReduceSum does not.
 */
export const sumInOrder = (
  b: Builder,
  x: Value,
  opsets: Opsets,
  start: Value | null = null,
): Value | Refusal => {
  const width = x.type.kind === 'tensor' ? x.type.dims?.[1] : undefined;
  if (width === 1) return start ? b.op('Add', [start, x]) : x;
  if (width === 0) return refuse('express/empty-sum', 'a sum over no columns has no form in ONNX');
  const column = (of: Value, i: number) =>
    b.op('Gather', [of, b.constant(constant('int64', [i]))], { axis: attr.int(1) });
  if (opset(opsets) >= 11) {
    const from = start && everywhere(b, column(x, 0), start);
    const terms = from ? b.op('Concat', [from, x], { axis: attr.int(1) }) : x;
    return column(b.op('CumSum', [terms, b.constant(constant('int64', [1], []))]), -1);
  }
  if (typeof width !== 'number') {
    return refuse('express/sum-width', 'before opset 11 a sum in order needs a known number of columns');
  }
  const columns = Array.from({ length: width }, (_, i) => column(x, i));
  return [...(start ? [start] : []), ...columns].reduce((sum, c) => b.op('Add', [sum, c]));
};

/** Where a value may be missing, ONNX cannot hold it. */
export const missingInput = (node: Node): Refusal | undefined => {
  const gone = node.inputs.find((v) => v?.type.kind === 'tensor' && v.type.absent === 'missing');
  return gone
    ? refuse('express/missing', `'${gone.name}' may be missing, which ONNX cannot hold`)
    : undefined;
};
