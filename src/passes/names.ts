/** Names of results are an interface: whoever asked for `y` finds `y`, whatever a pass made of the node behind it. */
import type { Operators } from '../ir/builder.ts';
import type { Attribute, Node, Region, Value } from '../ir/model.ts';
import { operators } from '../ops/registry.ts';

interface Named {
  readonly region: Region;
  /** Values that have become others. */
  readonly moved: ReadonlyMap<Value, Value>;
}

/**
 * The region with its results called `names`. A value that is a result twice, or is an input too, is given its
 * further names by Identity; an inner value that holds a wanted name gives way.
 */
export const nameResults = (
  region: Region,
  names: readonly string[],
  known: Operators = operators,
): Named => {
  if (region.results.every((v, i) => v.name === names[i])) return { region, moved: new Map() };
  const defined = [
    ...region.params,
    ...region.parameters.filter((p) => p.role !== 'default').map((p) => p.value),
    ...region.nodes.flatMap((n) => n.outputs.filter((v): v is Value => v !== null)),
  ];
  const taken = new Set([...defined.map((v) => v.name), ...names]);
  const fixed = new Set<Value>(region.params);
  region.results.forEach((v, i) => {
    if (v.name === names[i]) fixed.add(v);
  });
  const moved = new Map<Value, Value>();
  const aliases: Node[] = [];
  const identity = known.resolve('', 'Identity');
  const results = region.results.map((v, i) => {
    const name = names[i] as string;
    if (v.name === name) return v;
    const renamed: Value = { name, type: v.type };
    if (identity && (fixed.has(v) || moved.has(v))) {
      const node: Node = {
        op: identity,
        name: '',
        inputs: [v],
        outputs: [renamed],
        attributes: new Map(),
        from: [],
      };
      aliases.push(node);
    } else moved.set(v, renamed);
    return renamed;
  });
  const wanted = new Set(names);
  let fresh = 0;
  for (const v of defined) {
    if (!wanted.has(v.name) || fixed.has(v) || moved.has(v)) continue;
    let name = v.name;
    while (taken.has(name)) name = `${v.name}_${++fresh}`;
    taken.add(name);
    moved.set(v, { name, type: v.type });
  }
  const copy = move(region, moved);
  return {
    region: {
      ...copy,
      nodes: [
        ...copy.nodes,
        ...aliases.map((n) => ({ ...n, inputs: n.inputs.map((v) => v && (moved.get(v) ?? v)) })),
      ],
      results,
    },
    moved,
  };
};

/** A copy of the region with values replaced, bodies included. */
const move = (region: Region, moved: ReadonlyMap<Value, Value>): Region => {
  const to = <V extends Value | null>(v: V): V | Value => (v === null ? v : (moved.get(v) ?? v));
  return {
    params: region.params.map(to),
    captures: region.captures.map(to),
    parameters: region.parameters.map((p) => ({ ...p, value: to(p.value) })),
    nodes: region.nodes.map((n) => ({
      ...n,
      inputs: n.inputs.map(to),
      outputs: n.outputs.map(to),
      attributes: moveAttributes(n.attributes, moved),
    })),
    results: region.results.map(to),
  };
};

const moveAttributes = (
  attributes: ReadonlyMap<string, Attribute>,
  moved: ReadonlyMap<Value, Value>,
): ReadonlyMap<string, Attribute> =>
  [...attributes.values()].some((a) => a.kind === 'region')
    ? new Map(
        [...attributes].map(([name, a]) => [
          name,
          a.kind === 'region' ? { ...a, region: move(a.region, moved) } : a,
        ]),
      )
    : attributes;
