/**
 * A model that takes a fixed number of rows, made to take any: the first axis of every input becomes a symbol. Only where
 * every operator on the way gives each row what it gives it alone, so that no row's result changes.
 */
import { Builder } from '../ir/builder.ts';
import { type Refusal, refuse } from '../ir/diagnostic.ts';
import { type Dim, type Model, type Node, opName, type Value } from '../ir/model.ts';
import { find } from '../ops/registry.ts';
import { constant, load } from '../tensor/data.ts';
import { expand } from './expand.ts';
import { nameResults } from './names.ts';
import { moveFields, operatorsAt, rebuildRegion } from './rebuild.ts';

const symbol = 'N';

const firstOf = (v: Value | null | undefined): Dim | undefined =>
  v?.type.kind === 'tensor' ? v.type.dims?.[0] : undefined;

/** Keeps values. A model whose rows are a symbol already is given back as it is. */
export const batch = (model: Model): Model | Refusal => {
  if (model.rows !== null) return model;
  const { graph } = model;
  const extents = new Set(graph.params.map(firstOf));
  const [rows] = extents;
  if (extents.size !== 1 || typeof rows !== 'number') {
    return refuse('passes/batch', 'the inputs do not share the extent of their first axis');
  }
  const known = operatorsAt(model.opsets);
  const b = new Builder(known);
  const map = new Map<Value, Value>();
  for (const p of graph.params) {
    const dims = p.type.kind === 'tensor' ? (p.type.dims as readonly Dim[]) : [];
    map.set(p, b.input(p.name, { ...p.type, dims: [symbol, ...dims.slice(1)] } as Value['type']));
  }
  const rebuilt = rebuildRegion(
    { ...graph, params: [] },
    b,
    (node, inner, inputs) =>
      inner.call(node.op, shapeKept(node, inputs, rows, inner), {
        attributes: node.attributes,
        name: node.name,
        from: node.from,
        outputs: node.outputs.map((o) => (o ? inner.unique(o.name) : null)),
      }),
    map,
  );
  const { region, moved } = nameResults(
    rebuilt,
    graph.results.map((v) => v.name),
    known,
  );
  // Canonical operators say of themselves whether they keep rows apart.
  const mixing = mixes(expand({ ...model, graph: region, fields: [] }).graph.nodes);
  if (mixing) return mixing;
  const lost = region.results.find((v) => firstOf(v) !== symbol);
  if (lost) return refuse('passes/batch', `the output '${lost.name}' has no rows`);
  const named = new Map([...map].map(([from, to]) => [from, moved.get(to) ?? to]));
  graph.results.forEach((v, i) => {
    named.set(v, region.results[i] as Value);
  });
  return { ...model, graph: region, rows: symbol, fields: moveFields(model.fields, named) };
};

/** Exporters write the number of rows into the shape that a Reshape goes to: 0 there copies it. */
const shapeKept = (
  node: Node,
  inputs: readonly (Value | null)[],
  rows: number,
  b: Builder,
): readonly (Value | null)[] => {
  const [data, shape] = inputs;
  if (opName(node.op) !== 'Reshape' || node.op.since < 5 || node.attributes.has('allowzero')) return inputs;
  const asked = b.known(shape);
  if (firstOf(data) !== symbol || !asked || asked.count === 0) return inputs;
  const to = Array.from(load(asked).data as BigInt64Array);
  return to[0] === BigInt(rows)
    ? [data as Value, b.constant(constant('int64', [0n, ...to.slice(1)]))]
    : inputs;
};

/** The first node that has rows and does not keep them apart. */
const mixes = (nodes: readonly Node[]): Refusal | undefined => {
  const node = nodes.find(
    (n) => [...n.inputs, ...n.outputs].some((v) => firstOf(v) === symbol) && find(n.op)?.rows?.(n) !== 'each',
  );
  return (
    node &&
    refuse('passes/batch', `${opName(node.op)} '${node.name}' may give a row what depends on other rows`)
  );
};
