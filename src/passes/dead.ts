/**
 * Drops what no result depends on: nodes and constants. Inputs stay, used or not, and so does what `kept` names. Keeps
 * values.
 */
import type { Model, Node, Region, Value } from '../ir/model.ts';
import { settled } from './expand.ts';

export const dead = (whole: Model, kept: ReadonlySet<string> = new Set()): Model => {
  const model = settled(whole);
  return { ...model, graph: live(model.graph, kept) };
};

/** Names of the values that nothing depends on. */
export const deadNames = (graph: Region): ReadonlySet<string> => {
  const left = new Set(definedIn(live(graph, new Set())));
  return new Set(definedIn(graph).filter((name) => !left.has(name)));
};

const definedIn = (region: Region): string[] => [
  ...region.parameters.map((p) => p.value.name),
  ...region.nodes.flatMap((n) => [
    ...n.outputs.flatMap((v) => (v ? [v.name] : [])),
    ...[...n.attributes.values()].flatMap((a) => (a.kind === 'region' ? definedIn(a.region) : [])),
  ]),
];

const live = (region: Region, kept: ReadonlySet<string>): Region => {
  const used = new Set<Value>(region.results);
  for (const { value } of region.parameters) if (kept.has(value.name)) used.add(value);
  for (const node of region.nodes) for (const v of node.outputs) if (v && kept.has(v.name)) used.add(v);
  const nodes: Node[] = [];
  for (const node of region.nodes.toReversed()) {
    if (!node.outputs.some((v) => v !== null && used.has(v))) continue;
    const pruned = withLiveBodies(node, kept);
    for (const v of pruned.inputs) if (v) used.add(v);
    for (const a of pruned.attributes.values()) {
      if (a.kind === 'region') for (const v of a.region.captures) used.add(v);
    }
    nodes.push(pruned);
  }
  return {
    ...region,
    captures: region.captures.filter((v) => used.has(v)),
    parameters: region.parameters.filter((p) => p.role !== 'constant' || used.has(p.value)),
    nodes: nodes.reverse(),
  };
};

const withLiveBodies = (node: Node, kept: ReadonlySet<string>): Node => {
  if (![...node.attributes.values()].some((a) => a.kind === 'region')) return node;
  return {
    ...node,
    attributes: new Map(
      [...node.attributes].map(([name, a]) => [
        name,
        a.kind === 'region' ? { ...a, region: live(a.region, kept) } : a,
      ]),
    ),
  };
};
