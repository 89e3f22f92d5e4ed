/** What operators share that say themselves at an opset before their newest version. */
import { attr, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { isRefusal, type Refusal, refuse } from '../../ir/diagnostic.ts';
import type { Attribute, Node, TensorType, Value } from '../../ir/model.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { signature, untaken } from '../signature.ts';
import { dimsOf, knownInts } from './axes.ts';
import { numberOfDtype } from './constraints.ts';
import { attributesBut } from './expansion.ts';

export type Said = readonly (Value | null)[] | Refusal;
type Opsets = ReadonlyMap<string, number>;

/** The node's outputs made by an operator at the version in force there. */
export const earlier = (
  node: Node,
  b: Builder,
  opsets: Opsets,
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>> = {},
  name: string = node.op.name,
): Said => {
  const { domain } = node.op;
  const opset = opsets.get(domain);
  const op = b.version(domain, name, opset);
  if (!op) return refuse('express/not-at-opset', `opset ${opset} has no ${name}`);
  const unknown = Object.keys(attributes).find((a) => signature(op)?.attributes.has(a) === false);
  if (unknown) return refuse('express/attribute', `version ${op.since} has no attribute ${unknown}`);
  const dtype = untaken(op, inputs);
  if (dtype) return refuse('express/dtype', `version ${op.since} takes no ${dtype}`);
  return b.call(op, inputs, {
    attributes,
    name: node.name,
    from: node.from,
    outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
    types: node.outputs.map((o) => o?.type),
  });
};

/** Input `i`, which was an attribute once, as whole numbers; undefined where it is left out. */
export const constantInts = (node: Node, b: Builder, i: number): readonly number[] | Refusal | undefined => {
  const input = node.inputs[i];
  return input ? (knownInts(node, i, b.known) ?? notConstant(node, i)) : undefined;
};

/** Input `i`, which was an attribute once, is computed. */
export const notConstant = (node: Node, i: number): Refusal =>
  refuse(
    'express/not-constant',
    `at this opset its input ${i} must be a constant, and '${node.inputs[i]?.name ?? ''}' is none`,
  );

/** Reductions, Squeeze and Unsqueeze: the axes were an attribute. */
export const axesAsAttribute: NonNullable<Operator['express']> = (node, b, opsets) => {
  const axes = constantInts(node, b, 1);
  if (isRefusal(axes)) return axes;
  const [x = null] = node.inputs;
  const noop = intOf(node, 'noop_with_empty_axes', 0) !== 0;
  if (noop && !axes?.length) return [x];
  const given = axes && (opsets.get('') ?? 0) < 11 ? fromFrontAll(node, axes) : axes;
  if (isRefusal(given)) return given;
  const attributes = attributesBut(
    node,
    ['noop_with_empty_axes'],
    given?.length ? { axes: attr.ints(given) } : {},
  );
  return earlier(node, b, opsets, [x], attributes);
};

/** Before 11 axes were counted from the front alone. */
const fromFrontAll = (node: Node, axes: readonly number[]): readonly number[] | Refusal => {
  if (axes.every((a) => a >= 0)) return axes;
  const own = dimsOf(node.inputs[0])?.length;
  if (own === undefined) {
    return refuse('express/extent', 'before opset 11 an axis counted from the back needs a known rank');
  }
  const rank = node.op.name === 'Unsqueeze' ? own + axes.length : own;
  return axes.map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
};

/** One after the other, the element of which a comparison holds: for dtypes that have no NaN. */
export const chosen = (node: Node, b: Builder, better: 'Greater' | 'Less'): Said | undefined => {
  const [first, ...others] = node.inputs as readonly [Value, ...Value[]];
  if (isFloat((first.type as TensorType).dtype)) return undefined;
  return [others.reduce((best, x) => b.op('Where', [b.op(better, [x, best]), x, best]), first)];
};

export const cast = (b: Builder, x: Value, to: DType): Value =>
  (x.type as TensorType).dtype === to ? x : b.op('Cast', [x], { to: attr.int(numberOfDtype(to)) });
