/**
 * Takes the parts that have elements of their own out of a graph: what a part reads becomes a result, what it gives an
 * input. What is left is spelled as expressions before and behind the parts.
 */
import { attr } from '../../../../src/ir/attributes.ts';
import {
  type Model,
  type Node,
  type OpId,
  OWN,
  type Parameter,
  tensorType,
  type Value,
} from '../../../../src/ir/model.ts';
import { numberOfDtype } from '../../../../src/ops/onnx/constraints.ts';
import { operators } from '../../../../src/ops/registry.ts';
import { dead } from '../../../../src/passes/dead.ts';
import { rebuild } from '../../../../src/passes/rebuild.ts';
import { constant } from '../../../../src/tensor/data.ts';
import type { DType } from '../../../../src/tensor/dtype.ts';
import { recognisers } from './index.ts';
import { Graph, type Part } from './part.ts';

/** A part, and the names in the graph that is left of what it reads (results) and gives (inputs). */
export interface Placed {
  readonly part: Part;
  readonly reads: readonly string[];
  readonly gives: readonly string[];
}

export interface Cut {
  readonly model: Model;
  readonly parts: readonly Placed[];
}

export const cut = (whole: Model): Cut => {
  const model = dead(whole);
  const parts = found(model);
  if (parts.length === 0 || model.rows === null) return { model, parts: [] };
  const ends: Node[] = [];
  const given = new Map<Value, string>();
  const placed = parts.map((part, p): Placed => {
    const reads = part.reads.map(({ value, dtype }, i) => {
      const end = read(`part.${p}.reads.${i}`, value, dtype);
      ends.push(end);
      return (end.outputs[0] as Value).name;
    });
    const gives = part.gives.map(({ value }, i) => {
      const name = `part.${p}.gives.${i}`;
      given.set(value, name);
      return name;
    });
    return { part, reads, gives };
  });
  const { graph } = model;
  const open: Model = {
    ...model,
    graph: {
      ...graph,
      parameters: [...graph.parameters, never],
      nodes: [...graph.nodes, ...ends],
      results: [...graph.results, ...ends.map((n) => n.outputs[0] as Value)],
    },
  };
  const rows = model.rows;
  const left = rebuild(open, (node, b) => {
    if (!node.outputs.some((v) => v && given.has(v))) return undefined;
    return node.outputs.map((v) => {
      const name = v && given.get(v);
      if (!v || !name || v.type.kind !== 'tensor') return null;
      const { dtype, dims, absent } = v.type;
      const put = b.input(name, tensorType(dtype, [rows, ...(dims ?? []).slice(1)], absent));
      // A result that is an input is handed on, which of what may be missing only a Mask says.
      const handed = absent === 'missing' && graph.results.includes(v);
      return handed ? b.op([OWN, 'Mask'], [put, b.constant(never.data)]) : put;
    });
  });
  return { model: dead(left), parts: placed };
};

/** Parts that do not overlap, the last of the graph first: what nothing reads any more but a part is in none other. */
const found = (model: Model): Part[] => {
  const graph = new Graph(model);
  const parts: Part[] = [];
  const read = new Set<Value>(model.graph.results);
  for (const node of model.graph.nodes.toReversed()) {
    if (!node.outputs.some((v) => v && read.has(v))) continue;
    const part = recognised(node, graph);
    if (part) parts.push(part);
    for (const v of part ? part.reads.map((r) => r.value) : readBy(node)) read.add(v);
  }
  return parts;
};

const recognised = (node: Node, graph: Graph): Part | null => {
  for (const recognise of recognisers) {
    const part = recognise(node, graph);
    if (part) return part;
  }
  return null;
};

const readBy = (node: Node): Value[] => [
  ...node.inputs.filter((v) => v !== null),
  ...[...node.attributes.values()].flatMap((a) => (a.kind === 'region' ? a.region.captures : [])),
];

const opOf = (name: string, domain = ''): OpId => operators.resolve(domain, name) as OpId;

/** Nowhere missing: what may be is handed on by a Mask. */
const never: Parameter = {
  value: { name: 'part.never', type: tensorType('bool', []) },
  data: constant('bool', [0], []),
  role: 'constant',
};

/** A value under a name of its own, as the dtype. */
const read = (name: string, value: Value, dtype?: DType): Node => {
  const { type } = value;
  const cast = dtype !== undefined && type.kind === 'tensor' && type.dtype !== dtype;
  const missing = type.kind === 'tensor' && type.absent === 'missing';
  return {
    op: cast ? opOf('Cast') : missing ? opOf('Mask', OWN) : opOf('Identity'),
    name: '',
    inputs: missing ? [value, never.value] : [value],
    outputs: [{ name, type: cast ? tensorType(dtype, type.dims) : type }],
    attributes: new Map(cast ? [['to', attr.int(numberOfDtype(dtype))]] : []),
    from: [],
  };
};
