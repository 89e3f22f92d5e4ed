/**
 * What the reader of documents makes of missing values around a model: its inputs are filled, and what it gives is missing
 * where one of them was. A model element means that by itself.
 */
import { intOf } from '../../../../src/ir/attributes.ts';
import { type Node, OWN, type Value } from '../../../../src/ir/model.ts';
import type { Graph } from './part.ts';

/** The values `[N, 1]` that were filled and joined; null where a value is something else. */
export const filled = (v: Value, graph: Graph): Value[] | null => {
  const joined = graph.made(v, 'Concat');
  const columns = joined && intOf(joined, 'axis', 0) === 1 ? joined.inputs : [v];
  const found = columns.map((c) => own(graph.maker(c), 'Fill')?.inputs[0]);
  return found.every((x) => x) ? (found as Value[]) : null;
};

/** The same, missing where one of `from` is; null where it is not read so, or by others too. */
export const masked = (
  v: Value,
  from: readonly Value[],
  readers: readonly Node[],
  graph: Graph,
): Value | null => {
  const [mask, ...more] = readers;
  const when = own(mask, 'Mask') && mask?.inputs[0] === v ? mask.inputs[1] : null;
  const asked = when && missingOf(when, graph);
  const all = new Set(from);
  const same = asked?.every((x) => all.has(x)) && new Set(asked).size === all.size;
  return same && more.length === 0 ? (mask?.outputs[0] ?? null) : null;
};

/** The values of which one is missing. */
const missingOf = (when: Value, graph: Graph): Value[] | null => {
  const [x] = own(graph.maker(when), 'IsMissing')?.inputs ?? [];
  if (x) return [x];
  const or = graph.made(when, 'Or');
  const both = or?.inputs.map((v) => v && missingOf(v, graph)) ?? [];
  return both.length > 0 && both.every((list) => list) ? (both as Value[][]).flat() : null;
};

const own = (node: Node | undefined, name: string): Node | undefined =>
  node?.op.domain === OWN && node.op.name === name ? node : undefined;
