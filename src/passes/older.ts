/** The newest forms of ONNX operators at opsets where they were written otherwise: axes that were attributes, and the like. */
import { attr, intOf } from '../ir/attributes.ts';
import type { Builder } from '../ir/builder.ts';
import { type Refusal, refuse } from '../ir/diagnostic.ts';
import { type Attribute, type Node, opName, type Value } from '../ir/model.ts';
import { cast, ML } from '../ops/ml/build.ts';
import { dtypeOf } from '../ops/own/where.ts';
import { load } from '../tensor/data.ts';
import { numbers } from '../tensor/tensor.ts';

type Opsets = ReadonlyMap<string, number>;
type Said = readonly (Value | null)[] | Refusal;
type Form = (node: Node, b: Builder, opsets: Opsets) => Said;

/** What the operator takes from its input `i` once was an attribute: whole numbers, which must be constant. */
const constants = (node: Node, b: Builder, i: number): readonly number[] | Refusal | undefined => {
  const input = node.inputs[i];
  if (!input) return undefined;
  const data = b.known(input);
  return data
    ? Array.from(numbers(load(data)))
    : refuse(
        'express/not-constant',
        `at this opset its input ${i} must be a constant, and '${input.name}' is none`,
      );
};

const isList = (x: readonly number[] | Refusal | undefined): x is readonly number[] | undefined =>
  x === undefined || Array.isArray(x);

const again = (
  node: Node,
  b: Builder,
  inputs: readonly (Value | null)[],
  change: Readonly<Record<string, Attribute | undefined>>,
): Said => {
  const attributes = new Map(node.attributes);
  for (const [name, a] of Object.entries(change)) {
    if (a) attributes.set(name, a);
    else attributes.delete(name);
  }
  return b.call([node.op.domain, node.op.name], inputs, {
    attributes,
    name: node.name,
    from: node.from,
    outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
    types: node.outputs.map((o) => o?.type),
  });
};

/** Reductions, Squeeze and Unsqueeze: the axes were an attribute. */
const axesAsAttribute: Form = (node, b) => {
  const axes = constants(node, b, 1);
  if (!isList(axes)) return axes as Refusal;
  const [x = null] = node.inputs;
  if (node.attributes.has('noop_with_empty_axes') && intOf(node, 'noop_with_empty_axes') && !axes?.length) {
    return [x];
  }
  return again(node, b, [x], {
    noop_with_empty_axes: undefined,
    ...(axes?.length && { axes: attr.ints(axes) }),
  });
};

/** Before 13 the axes from `axis` on were one: the same where that is the last. */
const lastAxis: Form = (node, b) => {
  const [x = null] = node.inputs;
  const rank = x?.type.kind === 'tensor' ? x.type.dims?.length : undefined;
  const axis = intOf(node, 'axis', -1);
  if (rank === undefined || (axis !== -1 && axis !== rank - 1)) {
    return refuse('express/not-at-opset', 'before opset 13 it works on the last axis alone');
  }
  return again(node, b, [x], { axis: attr.int(rank - 1) });
};

/** The extents were an attribute before 13, and their number came with 18. */
const split: Form = (node, b, opsets) => {
  const [x = null, extents] = node.inputs;
  if ((opsets.get('') ?? 0) >= 13)
    return again(node, b, extents ? [x, extents] : [x], { num_outputs: undefined });
  const list = constants(node, b, 1);
  if (!isList(list)) return list as Refusal;
  return again(node, b, [x], { num_outputs: undefined, ...(list && { split: attr.ints(list) }) });
};

/** Strings are compared from 19 on; with a constant LabelEncoder does it. */
const stringEqual: Form = (node, b) => {
  const [x, y] = node.inputs as readonly [Value, Value];
  const known = b.known(y) ?? b.known(x);
  const tested = b.known(y) ? x : y;
  if (known?.count !== 1) {
    return refuse('express/string-equal', 'before opset 19 strings can be compared with one constant alone');
  }
  const flag = b.op([ML, 'LabelEncoder'], [tested], {
    keys_strings: attr.strings(known.read(0, 1) as string[]),
    values_int64s: attr.ints([1]),
    default_int64: attr.int(0),
  });
  return [cast(b, flag, 'bool')];
};

const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ...'L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare'
    .split(' ')
    .map((name) => [`Reduce${name}`, axesAsAttribute] as const),
  ['Squeeze', axesAsAttribute],
  ['Unsqueeze', axesAsAttribute],
  ['Softmax', lastAxis],
  ['LogSoftmax', lastAxis],
  ['Hardmax', lastAxis],
  ['Split', split],
]);

/** How an older opset says the node; undefined where that is not known. */
export const olderForm = (node: Node): Form | undefined => forms.get(opName(node.op));

/** What the opset's version of the operator does not take yet, though it is the same operator otherwise. */
export const lesserForm = (node: Node, opsets: Opsets): Form | undefined => {
  const name = opName(node.op);
  const [x] = node.inputs;
  const opset = opsets.get('') ?? 0;
  if (name === 'Equal' && x && dtypeOf(x) === 'string' && opset < 19) return stringEqual;
  return name === 'Split' && node.attributes.has('num_outputs') && opset < 18 ? split : undefined;
};
