/** What an ONNX file says beyond the graph: kept with the model, and written back where it still holds. */
import type { Place } from '../../src/ir/diagnostic.ts';
import type { Model, OpId, Region } from '../../src/ir/model.ts';
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
  readonly calls?: Calls;
}

/** A graph that calls local functions, as it stands in the file: in the IR each call has become what it calls. */
export interface Calls {
  /** What holds only as long as the graph is still this one. */
  readonly region: Region;
  readonly nodes: readonly NodeProto[];
  readonly functions: NonNullable<ModelProto['functions']>;
  readonly imports: ModelProto['opset_import'];
}

/** Undefined where nothing is called, or where a node keeps its elements in another file. */
export const callsOf = (
  { graph, functions = [], opset_import }: ModelProto,
  region: Region,
): Calls | undefined => {
  const nodes = graph?.node ?? [];
  const outside = [...nodes, ...functions.flatMap((f) => f.node ?? [])].some(readsOtherFiles);
  return functions.length === 0 || outside ? undefined : { region, nodes, functions, imports: opset_import };
};

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

/** Does a tensor among a node's attributes, or in its bodies, stand in another file? */
const readsOtherFiles = (node: NodeProto): boolean =>
  (node.attribute ?? []).some(({ t, tensors = [], g, graphs = [] }) => {
    const bodies = g ? [g, ...graphs] : graphs;
    const constants = [...(t ? [t, ...tensors] : tensors), ...bodies.flatMap((b) => b.initializer ?? [])];
    return (
      constants.some((c) => c.data_location === 1) || bodies.some((b) => (b.node ?? []).some(readsOtherFiles))
    );
  });
