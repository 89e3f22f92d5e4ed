/** Drops what no result depends on: nodes and constants. Inputs stay, used or not. Keeps values. */
import type { Model, Node, Region, Value } from '../ir/model.ts';

export const dead = (model: Model): Model => ({ ...model, graph: live(model.graph) });

const live = (region: Region): Region => {
  const used = new Set<Value>(region.results);
  const nodes: Node[] = [];
  for (const node of region.nodes.toReversed()) {
    if (!node.outputs.some((v) => v !== null && used.has(v))) continue;
    const kept = withLiveBodies(node);
    for (const v of kept.inputs) if (v) used.add(v);
    for (const a of kept.attributes.values()) {
      if (a.kind === 'region') for (const v of a.region.captures) used.add(v);
    }
    nodes.push(kept);
  }
  return {
    ...region,
    captures: region.captures.filter((v) => used.has(v)),
    parameters: region.parameters.filter((p) => p.role !== 'constant' || used.has(p.value)),
    nodes: nodes.reverse(),
  };
};

const withLiveBodies = (node: Node): Node => {
  if (![...node.attributes.values()].some((a) => a.kind === 'region')) return node;
  return {
    ...node,
    attributes: new Map(
      [...node.attributes].map(([name, a]) => [
        name,
        a.kind === 'region' ? { ...a, region: live(a.region) } : a,
      ]),
    ),
  };
};
