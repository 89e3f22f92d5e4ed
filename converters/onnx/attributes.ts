/** AttributeProto ↔ Attribute; graphs are left to the caller, who knows what they see. */
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import type { Attribute, Region } from '../../src/ir/model.ts';
import { AttributeType } from './messages.ts';
import type { AttributeProto, GraphProto } from './schema.ts';
import { sparseData } from './sparse.ts';
import { type External, SparseData, TensorData, tensorProto } from './tensors.ts';
import { typeOf, typeProto } from './types.ts';

/** The field that holds the value, for each attribute type. */
export const fieldOf = {
  FLOAT: 'f',
  INT: 'i',
  STRING: 's',
  TENSOR: 't',
  GRAPH: 'g',
  FLOATS: 'floats',
  INTS: 'ints',
  STRINGS: 'strings',
  TENSORS: 'tensors',
  GRAPHS: 'graphs',
  SPARSE_TENSOR: 'sparse_tensor',
  SPARSE_TENSORS: 'sparse_tensors',
  TYPE_PROTO: 'tp',
  TYPE_PROTOS: 'type_protos',
} as const satisfies Partial<Record<keyof typeof AttributeType, keyof AttributeProto>>;

export type AttributeKind = keyof typeof fieldOf;

const kinds = Object.keys(fieldOf) as AttributeKind[];

/** The type an attribute says or, in files before IR version 2, shows by the field that is set. */
export const kindOf = (proto: AttributeProto, at: Place): AttributeKind => {
  const held = kinds.filter((k) => proto[fieldOf[k]] !== undefined);
  const said = proto.type ? kinds.find((k) => AttributeType[k] === proto.type) : undefined;
  const name = proto.name ?? '';
  if (proto.type && !said)
    fail('onnx/attribute-type', `attribute '${name}' has no known type (${proto.type})`, at);
  if (held.length > 1 || (said && held[0] && held[0] !== said)) {
    fail(
      'onnx/attribute-type',
      `attribute '${name}' holds ${held.join(' and ')}, its type is ${said ?? 'not said'}`,
      at,
    );
  }
  // An empty list and a zero leave no trace where a writer omits defaults.
  return (
    said ?? held[0] ?? fail('onnx/attribute-type', `attribute '${name}' has neither a type nor a value`, at)
  );
};

export const attributeOf = (
  proto: AttributeProto,
  at: Place,
  external: External,
  region: (graph: GraphProto) => Region,
): Attribute => {
  if (proto.ref_attr_name) return { kind: 'ref', ref: proto.ref_attr_name };
  switch (kindOf(proto, at)) {
    case 'FLOAT':
      return { kind: 'float', value: proto.f ?? 0 };
    case 'INT':
      return { kind: 'int', value: proto.i ?? 0 };
    case 'STRING': {
      const value = proto.s ?? '';
      return typeof value === 'string' ? { kind: 'string', value } : { kind: 'opaque', value: proto };
    }
    case 'FLOATS':
      return { kind: 'floats', values: proto.floats ?? [] };
    case 'INTS':
      return { kind: 'ints', values: proto.ints ?? [] };
    case 'STRINGS': {
      const values = proto.strings ?? [];
      return values.every((s) => typeof s === 'string')
        ? { kind: 'strings', values: values as string[] }
        : { kind: 'opaque', value: proto };
    }
    case 'TENSOR':
      return { kind: 'data', data: new TensorData(proto.t ?? {}, at, external) };
    case 'SPARSE_TENSOR':
      return { kind: 'data', data: sparseData(proto.sparse_tensor ?? {}, at, external) };
    case 'GRAPH':
      return { kind: 'region', region: region(proto.g ?? {}) };
    case 'TYPE_PROTO':
      return { kind: 'type', type: typeOf(proto.tp, at) };
    case 'TENSORS':
    case 'GRAPHS':
    case 'SPARSE_TENSORS':
    case 'TYPE_PROTOS':
      return { kind: 'opaque', value: proto };
  }
};

/** undefined where ONNX has no such attribute (predicate and tree tables). */
export const attributeProto = (
  name: string,
  attribute: Attribute,
  graph: (region: Region) => GraphProto,
): AttributeProto | undefined => {
  const typed = (kind: AttributeKind, value: Partial<AttributeProto>): AttributeProto => ({
    name,
    type: AttributeType[kind],
    ...value,
  });
  switch (attribute.kind) {
    case 'float':
      return typed('FLOAT', { f: attribute.value });
    case 'int':
      return typed('INT', { i: attribute.value });
    case 'string':
      return typed('STRING', { s: attribute.value });
    case 'floats':
      return typed('FLOATS', { floats: Array.from(attribute.values) });
    case 'ints':
      return typed('INTS', { ints: [...attribute.values] });
    case 'strings':
      return typed('STRINGS', { strings: [...attribute.values] });
    case 'data':
      return attribute.data instanceof SparseData
        ? typed('SPARSE_TENSOR', { sparse_tensor: attribute.data.proto })
        : typed('TENSOR', { t: tensorProto(attribute.data, undefined) });
    case 'region':
      return typed('GRAPH', { g: graph(attribute.region) });
    case 'type':
      return typed('TYPE_PROTO', { tp: typeProto(attribute.type) });
    case 'opaque':
      return { ...(attribute.value as AttributeProto), name };
    case 'predicates':
    case 'trees':
    case 'ref':
      return undefined;
  }
};
