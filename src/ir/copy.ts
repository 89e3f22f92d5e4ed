/** A region's nodes made anew where another builder stands: bodies that move, and bodies that are taken out of their node. */
import type { Builder } from './builder.ts';
import type { Attribute, Region, Value } from './model.ts';

type Moved = Map<Value, Value>;

/** The body again as a body under `b`; `moved`: what became of values around it, where they are others now. */
export const copyRegion = (
  region: Region,
  b: Builder,
  moved: ReadonlyMap<Value, Value> = new Map(),
): Region => {
  const inner = b.inner();
  const map: Moved = new Map(moved);
  for (const p of region.params) map.set(p, inner.input(inner.unique(p.name), p.type));
  for (const p of region.parameters) {
    if (p.role === 'default') inner.parameter((map.get(p.value) as Value).name, p.data, p.role);
  }
  return inner.finish(copyNodes(region, inner, map));
};

/** The nodes of a body in the place of `b` itself, its params being `given`; the values that are its results. */
export const inlineRegion = (region: Region, b: Builder, given: readonly Value[] = []): readonly Value[] => {
  const map: Moved = new Map();
  region.params.forEach((p, i) => {
    const value = given[i];
    if (value) map.set(p, value);
  });
  return copyNodes(region, b, map);
};

const copyNodes = (region: Region, b: Builder, map: Moved): readonly Value[] => {
  for (const p of region.parameters) {
    // A default stands with its param, and is not needed where that is given.
    if (p.role === 'default' && map.has(p.value)) continue;
    map.set(p.value, b.parameter(b.unique(p.value.name), p.data, p.role === 'default' ? 'constant' : p.role));
  }
  const to = (v: Value): Value => map.get(v) ?? v;
  for (const node of region.nodes) {
    const attributes = new Map(
      [...node.attributes].map(([name, a]): [string, Attribute] => [
        name,
        a.kind === 'region' ? { ...a, region: copyRegion(a.region, b, map) } : a,
      ]),
    );
    const outputs = b.call(
      node.op,
      node.inputs.map((v) => v && to(v)),
      {
        attributes,
        name: node.name,
        from: node.from,
        outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
        types: node.outputs.map((o) => o?.type),
      },
    );
    node.outputs.forEach((o, i) => {
      const made = outputs[i];
      if (o && made) map.set(o, made);
    });
  }
  return region.results.map(to);
};
