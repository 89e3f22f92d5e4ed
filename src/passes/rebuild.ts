import { Builder, type Operators } from '../ir/builder.ts';
import type { Attribute, Field, Model, Node, Region, Value } from '../ir/model.ts';
import { operators, resolve } from '../ops/registry.ts';
import { nameResults } from './names.ts';

/**
 * What a pass makes of a node: its new outputs, or undefined to keep it. `inputs` are the node's inputs in the new
 * graph, `b` is where new nodes are made; nodes made there come from where the node came from.
 */
export interface Rewrite {
  (node: Node, b: Builder, inputs: readonly (Value | null)[]): readonly (Value | null)[] | undefined;
  /** Is the body of this attribute still wanted? What never runs need not fit what is known by now. Default: yes. */
  readonly wants?: (node: Node, attribute: string, b: Builder, inputs: readonly (Value | null)[]) => boolean;
}

/** What a rewrite makes is resolved at these opsets; at its newest in a domain that they do not name. */
export const operatorsAt = (opsets: ReadonlyMap<string, number>): Operators => ({
  ...operators,
  resolve: (domain, name, opset) => resolve(domain, name, opset ?? opsets.get(domain)),
});

/**
 * Copies a model through a rewrite, regions included; fields follow their values, and results keep their names. `known` resolves the operators
 * that the rewrite makes (a pass that writes for an older opset gives one that knows no newer ones).
 */
export const rebuild = (model: Model, rewrite: Rewrite, known: Operators = operators): Model => {
  const map = new Map<Value, Value>();
  const rebuilt = rebuildRegion(model.graph, new Builder(known), rewrite, map);
  const { region: graph, moved } = nameResults(
    rebuilt,
    model.graph.results.map((v) => v.name),
    known,
  );
  // A field stands for the result of its name, or for an input.
  const named = new Map([...map].map(([from, to]) => [from, moved.get(to) ?? to]));
  model.graph.results.forEach((v, i) => {
    named.set(v, graph.results[i] as Value);
  });
  return { ...model, graph, fields: moveFields(model.fields, named) };
};

/** Fields after a rewrite, pointing at the new values; a field whose value is gone is dropped. */
export const moveFields = (fields: readonly Field[], map: ReadonlyMap<Value, Value>): Field[] =>
  fields.flatMap((f) => {
    const value = map.get(f.value);
    return value ? [{ ...f, value }] : [];
  });

export const rebuildRegion = (
  region: Region,
  b: Builder,
  rewrite: Rewrite,
  map: Map<Value, Value>,
): Region => {
  for (const p of region.params) map.set(p, b.input(p.name, p.type));
  for (const p of region.parameters) map.set(p.value, b.parameter(p.value.name, p.data, p.role));
  const to = (v: Value | null): Value | null => (v === null ? null : (map.get(v) as Value));
  for (const node of region.nodes) {
    const inputs = node.inputs.map(to);
    b.place = node.from[0];
    const wanted = new Map(
      [...node.attributes].filter(
        ([name, a]) => a.kind !== 'region' || (rewrite.wants?.(node, name, b, inputs) ?? true),
      ),
    );
    const attributes = rebuildAttributes(wanted, b, rewrite, map);
    const changed = rewrite({ ...node, attributes }, b, inputs);
    const outputs =
      changed ??
      b.call(node.op, inputs, {
        attributes,
        name: node.name,
        from: node.from,
        outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
        types: node.outputs.map((o) => o?.type),
      });
    node.outputs.forEach((o, i) => {
      if (o) map.set(o, outputs[i] as Value);
    });
  }
  return b.finish(region.results.map((r) => to(r) as Value));
};

const rebuildAttributes = (
  attributes: ReadonlyMap<string, Attribute>,
  b: Builder,
  rewrite: Rewrite,
  map: Map<Value, Value>,
): ReadonlyMap<string, Attribute> => {
  if (![...attributes.values()].some((a) => a.kind === 'region')) return attributes;
  const rebuilt = new Map<string, Attribute>();
  for (const [name, a] of attributes) {
    rebuilt.set(
      name,
      a.kind === 'region' ? { kind: 'region', region: rebuildRegion(a.region, b.inner(), rewrite, map) } : a,
    );
  }
  return rebuilt;
};
