/** What an ONNX file says beyond the graph: kept with the model, and written back where it still holds. */
import type { Place } from '../../src/ir/diagnostic.ts';
import type { Model, OpId } from '../../src/ir/model.ts';
import type { AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto } from './schema.ts';

/** What a graph says beside its nodes, tensors and values. */
export type GraphExtra = Omit<
  GraphProto,
  'node' | 'initializer' | 'sparse_initializer' | 'input' | 'output' | 'value_info'
>;

/** A graph, or a body, beside what it computes. */
export interface GraphOrigin {
  readonly graph: GraphExtra;
  /** Inputs, outputs and inner values of the graph, by name. */
  readonly values: ReadonlyMap<string, ValueInfoProto>;
  /** Names of the inner values that are declared, in order. */
  readonly inner: readonly string[];
}

interface AttributeExtra extends Pick<AttributeProto, 'doc_string' | 'unknown'> {
  /** Of the body, where the attribute is one. */
  readonly body?: GraphOrigin;
}

export const graphOrigin = (proto: GraphProto): GraphOrigin => {
  const { node, initializer, sparse_initializer, input, output, value_info, ...graph } = proto;
  const all = [...(value_info ?? []), ...(input ?? []), ...(output ?? [])];
  return {
    graph,
    values: new Map(all.map((v) => [v.name ?? '', v])),
    inner: (value_info ?? []).map((v) => v.name ?? ''),
  };
};

export type NodeExtra = Pick<
  NodeProto,
  'doc_string' | 'metadata_props' | 'device_configurations' | 'unknown'
> & {
  readonly op: OpId;
  /** By attribute name. */
  readonly attributes: ReadonlyMap<string, AttributeExtra>;
};

export interface Origin extends GraphOrigin {
  /** All but the graph, the functions and the imports, which the IR holds. */
  readonly model: Omit<ModelProto, 'graph' | 'functions' | 'opset_import'>;
  readonly nodes: ReadonlyMap<Place, NodeExtra>;
}

const key = 'onnx';

export const originOf = (model: Model): Origin | undefined => model.extra.get(key) as Origin | undefined;

export const withOrigin = (origin: Origin): ReadonlyMap<string, unknown> => new Map([[key, origin]]);

/** What a node says beside its meaning; undefined where it says nothing. */
export const extraOf = (node: NodeProto, op: OpId): NodeExtra | undefined => {
  const attributes = new Map<string, AttributeExtra>();
  for (const { name, doc_string, unknown, g } of node.attribute ?? []) {
    if (doc_string === undefined && !unknown && !g) continue;
    attributes.set(name ?? '', {
      ...(doc_string !== undefined && { doc_string }),
      ...(unknown && { unknown }),
      ...(g && { body: graphOrigin(g) }),
    });
  }
  const { doc_string, metadata_props, device_configurations, unknown } = node;
  if (
    doc_string === undefined &&
    !metadata_props &&
    !device_configurations &&
    !unknown &&
    attributes.size === 0
  ) {
    return undefined;
  }
  return { op, doc_string, metadata_props, device_configurations, ...(unknown && { unknown }), attributes };
};
