/** Where a node stands at an opset: understood as it is, under another version number, or not at all. */

import type { Builder } from '../ir/builder.ts';
import { type Refusal, refuse } from '../ir/diagnostic.ts';
import type { Attribute, Node, OpId, TensorType, Type, Value } from '../ir/model.ts';
import { cast } from '../ops/onnx/earlier.ts';
import { find, resolve } from '../ops/registry.ts';
import {
  type AttributeSignature,
  type Port,
  portAt,
  type Signature,
  signature,
  signatureAt,
  untaken,
} from '../ops/signature.ts';
import type { DType } from '../tensor/dtype.ts';

export type InForce =
  | { readonly k: 'keep' }
  | { readonly k: 'stamp'; readonly op: OpId; readonly attributes: ReadonlyMap<string, Attribute> }
  /** `why`: what the version in force does not take, where it means the same otherwise. */
  | { readonly k: 'lacking'; readonly why?: Refusal };

/** Does the target have this node, under another version number perhaps? */
export const inForce = (node: Node, opsets: ReadonlyMap<string, number>): InForce => {
  const { op } = node;
  const opset = opsets.get(op.domain);
  const id = opset === undefined ? undefined : resolve(op.domain, op.name, opset);
  if (!id) return { k: 'lacking' };
  const standard = signatureAt(op.domain, op.name, opset);
  // What an opset took away has no version there, though an older one still has its meaning.
  if (standard?.deprecated && standard.since > op.since) return { k: 'lacking' };
  if (id.since === op.since) {
    // What was read is right; what was made at this version may have come with a dtype that it does not take yet.
    const dtype = untaken(op, node.inputs);
    return dtype === undefined
      ? { k: 'keep' }
      : { k: 'lacking', why: refuse('express/dtype', `version ${op.since} takes no ${dtype}`) };
  }
  if (find(id) !== find(op)) return { k: 'lacking' };
  if (!standard) return { k: 'stamp', op: id, attributes: node.attributes };
  const attributes = attributesAt(node, standard);
  if ('why' in attributes) return { k: 'lacking', why: attributes };
  const why = valuesAt(node, standard);
  return why ? { k: 'lacking', why } : { k: 'stamp', op: id, attributes };
};

/**
 * The node cast to dtypes in which the version in force takes it, and which of its outputs have to be cast back; undefined
 * where there are none.
 */
export const carried = (
  node: Node,
  b: Builder,
  opsets: ReadonlyMap<string, number>,
): readonly (Value | null)[] | undefined => {
  const { op } = node;
  const id = b.version(op.domain, op.name, opsets.get(op.domain));
  const operator = find(op);
  const standard = id && signature(id);
  if (!standard || !operator?.carriers || find(id) !== operator) return undefined;
  const taken = (v: Value | null, ports: readonly Port[], i: number): ReadonlySet<string> | undefined => {
    const port = v?.type.kind === 'tensor' ? portAt(ports, i) : undefined;
    return port && standard.types.get(port.type);
  };
  const to = new Map<DType, DType>();
  const reaches = (v: Value | null, ports: readonly Port[], i: number): boolean => {
    const types = taken(v, ports, i);
    const dtype = (v?.type as TensorType | undefined)?.dtype;
    if (!types || !dtype || types.has(dtype)) return true;
    const carrier = operator.carriers?.(dtype).find((c) => types.has(c));
    if (carrier) to.set(dtype, carrier);
    return carrier !== undefined;
  };
  if (!node.inputs.every((v, i) => reaches(v, standard.inputs, i)) || to.size === 0) return undefined;
  const attributes = attributesAt(node, standard);
  if ('why' in attributes) return undefined;
  const inputs = node.inputs.map((v, i) => {
    const types = taken(v, standard.inputs, i);
    const dtype = (v?.type as TensorType | undefined)?.dtype;
    return v && types && dtype && !types.has(dtype) ? cast(b, v, to.get(dtype) as DType) : v;
  });
  const outputs = b.call(id, inputs, {
    attributes,
    name: node.name,
    from: node.from,
    outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
  });
  return outputs.map((o, i) => {
    const was = node.outputs[i]?.type;
    return o && was?.kind === 'tensor' ? cast(b, o, was.dtype) : o;
  });
};

/** The first versions said which inputs may be overwritten, which means nothing. */
const meaningless = new Set(['consumed_inputs']);

/** The attributes as this version has them: those that it lacks, and that say what it does anyway, are left out. */
const attributesAt = (node: Node, standard: Signature): ReadonlyMap<string, Attribute> | Refusal => {
  const own = signature(node.op)?.attributes ?? new Map<string, AttributeSignature>();
  const out = new Map<string, Attribute>();
  for (const [name, given] of node.attributes) {
    const a = axesAt(node, standard, name, given);
    if ('why' in a) return a;
    const value =
      'value' in a && typeof a.value === 'string'
        ? newerValues.get(`${node.op.name} ${name} ${a.value}`)
        : undefined;
    if (value !== undefined && standard.since < value) {
      return refuse('express/attribute', `version ${standard.since} has no ${name}${spelled(a)}`);
    }
    if (standard.attributes.has(name) || !own.has(name)) out.set(name, a);
    else if (!meaningless.has(name) && !isDefault(a, own.get(name)?.otherwise)) {
      return refuse('express/attribute', `version ${standard.since} has no attribute ${name}${spelled(a)}`);
    }
  }
  for (const [name, there] of standard.attributes) {
    const otherwise = own.get(name)?.otherwise;
    if (out.has(name)) continue;
    if (!there.required && JSON.stringify(otherwise) === JSON.stringify(there.otherwise)) continue;
    const stated = otherwise === undefined ? undefined : attributeFrom(there.kind, otherwise);
    if (stated) out.set(name, stated);
    else if (there.required) {
      return refuse('express/attribute', `version ${standard.since} must be given the attribute ${name}`);
    }
  }
  return out;
};

/** Values of attributes that are younger than the attribute: operator, attribute and value, and the version that brought it. */
const newerValues: ReadonlyMap<string, number> = new Map([
  ['Pad mode wrap', 19],
  ['Resize coordinate_transformation_mode half_pixel_symmetric', 19],
]);

/** Before 11 axes were counted from the front alone. */
const axesAt = (node: Node, standard: Signature, name: string, a: Attribute): Attribute | Refusal => {
  if (standard.domain !== '' || standard.since >= 11 || (name !== 'axis' && name !== 'axes')) return a;
  const given = a.kind === 'int' ? [a.value] : a.kind === 'ints' ? a.values : [];
  if (given.every((axis) => axis >= 0)) return a;
  const [x] = node.inputs;
  const rank = x?.type.kind === 'tensor' ? x.type.dims?.length : undefined;
  if (rank === undefined) {
    return refuse(
      'express/extent',
      `version ${standard.since} counts axes from the front, and the rank is not known`,
    );
  }
  const all =
    node.op.name === 'OneHot' ? rank + 1 : node.op.name === 'Unsqueeze' ? rank + given.length : rank;
  const front = given.map((axis) => (axis < 0 ? Number(axis) + all : axis));
  return a.kind === 'int' ? { kind: 'int', value: front[0] as number } : { kind: 'ints', values: front };
};

const spelled = (a: Attribute): string => {
  if ('value' in a && a.kind !== 'opaque') return ` = ${a.value}`;
  return a.kind === 'ints' || a.kind === 'strings' ? ` = [${a.values.join(', ')}]` : '';
};

type Default = AttributeSignature['otherwise'];

const isDefault = (a: Attribute, otherwise: Default): boolean => {
  switch (a.kind) {
    case 'int':
      return Number(a.value) === otherwise;
    case 'float':
      return typeof otherwise === 'number' && Math.fround(a.value) === Math.fround(otherwise);
    case 'string':
      return a.value === otherwise;
    case 'ints':
    case 'floats':
    case 'strings':
      return (
        Array.isArray(otherwise) && Array.from(a.values as ArrayLike<unknown>).join() === otherwise.join()
      );
    default:
      return false;
  }
};

const attributeFrom = (kind: string, value: NonNullable<Default>): Attribute | undefined => {
  if (typeof value === 'number') {
    return kind === 'int' ? { kind: 'int', value } : kind === 'float' ? { kind: 'float', value } : undefined;
  }
  return typeof value === 'string' && kind === 'string' ? { kind: 'string', value } : undefined;
};

/** Why this version does not take the node's inputs, or does not give its outputs. */
const valuesAt = (node: Node, standard: Signature): Refusal | undefined =>
  portsAt(node.inputs, standard.inputs, standard, 'takes') ??
  portsAt(node.outputs, standard.outputs, standard, 'gives');

const portsAt = (
  values: readonly (Value | null)[],
  ports: readonly Port[],
  { since, types }: Signature,
  verb: 'takes' | 'gives',
): Refusal | undefined => {
  for (const [i, v] of values.entries()) {
    const port = portAt(ports, i);
    if (!v) continue;
    if (!port) return refuse('express/arity', `version ${since} ${verb} no '${v.name}' (${i + 1} of them)`);
    const type = typeName(v.type);
    if (type !== undefined && !types.get(port.type)?.has(type)) {
      const rule = v.type.kind === 'tensor' ? 'express/dtype' : 'express/no-operator';
      return refuse(rule, `version ${since} ${verb} no ${type} as ${port.name}`);
    }
  }
  const needed = ports.find((p, i) => p.times === 'once' && !values[i] && verb === 'takes');
  return needed && refuse('express/arity', `version ${since} must be given ${needed.name}`);
};

/** As signatures spell it; undefined where it is not known. */
const typeName = (type: Type): string | undefined => {
  switch (type.kind) {
    case 'tensor':
      return type.dtype;
    case 'sparse':
      return `sparse(${type.dtype})`;
    case 'sequence':
    case 'optional': {
      const of = typeName(type.of);
      return of && `${type.kind === 'sequence' ? 'seq' : 'optional'}(${of})`;
    }
    case 'map': {
      const of = typeName(type.of);
      return of && `map(${type.key},${of})`;
    }
    default:
      return undefined;
  }
};
