/** What the expansions of older versions and of composite operators share. */
import { attr, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { isRefusal, type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Attribute, type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { broadcastDims, fits } from '../../ir/shape.ts';
import { constant } from '../../tensor/data.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { untaken } from '../signature.ts';
import { type Dims, dimsOf } from './axes.ts';

/** The last step of an expansion: the node's outputs, under their own names, with all that was known of their types. */
export const finish = (
  node: Node,
  b: Builder,
  name: string,
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>> = {},
): readonly (Value | null)[] =>
  b.call(['', name], inputs, {
    attributes,
    name: node.name,
    from: node.from,
    outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
    types: node.outputs.map((o) => o?.type),
  });

/** A constant vector of int64: axes, shapes. */
export const vector = (b: Builder, values: readonly number[]): Value => b.constant(constant('int64', values));

/** A constant without axes, brought into the dtype as Cast does it. */
export const number = (b: Builder, dtype: DType, value: number): Value =>
  b.constant(constant(dtype, [isFloat(dtype) ? rounder(dtype)(value) : Math.trunc(value)], []));

/** The node's attributes without some, and with others. */
export const attributesBut = (
  node: Node,
  drop: readonly string[],
  add: Readonly<Record<string, Attribute>> = {},
): Record<string, Attribute> => ({
  ...Object.fromEntries([...node.attributes].filter(([k]) => !drop.includes(k))),
  ...add,
});

/** An old operator whose attribute `axes` became input 1. */
export const axesBecameInput = (
  node: Node,
  b: Builder,
  name: string,
  axes: readonly number[] | undefined,
): readonly (Value | null)[] =>
  finish(
    node,
    b,
    name,
    axes ? [node.inputs[0] ?? null, vector(b, axes)] : [node.inputs[0] ?? null],
    attributesBut(node, ['axes']),
  );

/**
 * Versions 1 and 6 of the binary operators: no broadcasting unless the attribute `broadcast` asks for it, and then of
 * B alone, whose extents are those of A from `axis` on (default: the last ones).
 */
export const oneSided = (name: string, since: readonly number[], result?: DType): Operator => ({
  domain: '',
  name,
  since,
  infer: (node) => {
    const a = tensorInput(node, 0);
    const b = tensorInput(node, 1, [a.dtype]);
    return [tensorType(result ?? a.dtype, intOf(node, 'broadcast', 0) ? a.dims : (a.dims ?? b.dims))];
  },
  expand: (node, b) => {
    const [x, y] = node.inputs as readonly [Value, Value];
    if (intOf(node, 'broadcast', 0) === 0 || !node.attributes.has('axis'))
      return finish(node, b, name, [x, y]);
    const rank = dimsOf(x)?.length;
    const own = dimsOf(y)?.length;
    if (rank === undefined || own === undefined) {
      return refuse('ops/rank-needed', 'broadcasting from an axis needs the ranks of both inputs');
    }
    const axis = intOf(node, 'axis');
    const behind = rank - (axis < 0 ? axis + rank : axis) - own;
    if (behind < 0) refused(node, `input 1 of rank ${own} does not fit into input 0 from axis ${axis} on`);
    if (behind === 0) return finish(node, b, name, [x, y]);
    const axes = Array.from({ length: behind }, (_, i) => own + i);
    return finish(node, b, name, [x, b.op('Unsqueeze', [y, vector(b, axes)])]);
  },
});

/**
 * The same before opset 7: B alone was broadcast, and had to stand whole somewhere in the extents of A. What needs more is
 * repeated to the shape of the result.
 */
export const toOneSided: NonNullable<Operator['express']> = (node, b, opsets) => {
  const op = b.version('', node.op.name, opsets.get(''));
  const [x, y] = node.inputs as readonly [Value, Value];
  const [from, by] = [dimsOf(x), dimsOf(y)];
  if (!op || op.since >= 7) return undefined;
  const dtype = untaken(op, [x, y]);
  if (dtype) return refuse('express/dtype', `version ${op.since} takes no ${dtype}`);
  const all = from && by ? broadcastDims(from, by) : undefined;
  const same = (dims: Dims): boolean =>
    dims !== null && dims.length === all?.length && dims.every((d, i) => d !== null && d === all[i]);
  if (!all) return refuse('express/extent', 'before opset 7 it broadcasts where the shapes are known');
  const call = (left: Value, right: Value, attributes: Readonly<Record<string, Attribute>>) =>
    b.call(op, [left, right], {
      attributes,
      name: node.name,
      from: node.from,
      outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
      types: node.outputs.map((o) => o?.type),
    });
  if (same(from) && same(by)) return call(x, y, {});
  const tail = by?.slice(by.findIndex((d) => d !== 1)) ?? [];
  const whole =
    by?.every((d) => d === 1) || tail.every((d, i) => d !== null && d === all[all.length - tail.length + i]);
  if (same(from) && whole && by) {
    const axis = all.length - by.length;
    return call(x, y, { broadcast: attr.int(1), ...(by.length > 0 && { axis: attr.int(axis) }) });
  }
  const repeated = (v: Value, dims: readonly Dim[]): Value | Refusal => {
    if (same(dims)) return v;
    if (![...dims, ...all].every((d) => typeof d === 'number')) {
      return refuse('express/extent', 'before opset 7 it broadcasts where the extents are known');
    }
    const rank = all.length - dims.length;
    const long = rank
      ? b.op('Unsqueeze', [
          v,
          vector(
            b,
            Array.from({ length: rank }, (_, i) => i),
          ),
        ])
      : v;
    const times = all.map((d, i) => (d === (dims[i - rank] ?? 1) ? 1 : (d as number)));
    return b.op('Tile', [long, vector(b, times)]);
  };
  const [left, right] = [repeated(x, from as readonly Dim[]), repeated(y, by as readonly Dim[])];
  if (isRefusal(left)) return left;
  return isRefusal(right) ? right : call(left, right, {});
};

/** Versions of a variadic operator that take inputs of one shape only: the newest takes them too. */
export const withoutBroadcast = (name: string, since: readonly number[]): Operator => ({
  domain: '',
  name,
  since,
  infer: (node) => {
    const types = node.inputs.map((_, i) => tensorInput(node, i));
    const [first, ...others] = types;
    if (!first) return refused(node, 'it takes at least one input');
    for (const t of others) if (!fits(t, first)) refused(node, 'its inputs must have one type and shape');
    return [first];
  },
  expand: (node, b) => finish(node, b, name, node.inputs),
});
