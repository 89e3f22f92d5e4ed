/**
 * A Scan over the rows of constants, turn by turn: distances to so many vectors as converters write them. What works row by
 * row has no loop of its own. Keeps values.
 */
import { attr, intOf, intsOf, regionOf } from '../ir/attributes.ts';
import { inlineRegion } from '../ir/copy.ts';
import { type Model, opName, type Value } from '../ir/model.ts';
import { literal } from '../ops/ml/build.ts';
import { dead } from './dead.ts';
import { fold } from './fold.ts';
import { rebuild } from './rebuild.ts';

/** Turns at most. */
const mostTurns = 512;

export const unroll = (model: Model): Model => {
  if (!model.graph.nodes.some((n) => opName(n.op) === 'Scan')) return model;
  const unrolled = rebuild(fold(model), (node, b, inputs) => {
    if (opName(node.op) !== 'Scan') return undefined;
    const first = inputs.length - intOf(node, 'num_scan_inputs');
    const scanned = inputs.slice(first).map((v) => b.known(v));
    const turns = scanned[0]?.dims[0] ?? 0;
    const plain = [...node.attributes.keys()].every(
      (name) => !/^scan_/.test(name) || (intsOf(node, name) ?? []).every((x) => x === 0),
    );
    if (!plain || turns < 1 || turns > mostTurns || scanned.some((d) => d?.dims[0] !== turns))
      return undefined;
    const body = regionOf(node, 'body');
    if (inputs.slice(0, first).some((v) => v === null)) return undefined;
    let states = inputs.slice(0, first) as readonly Value[];
    const put: Value[][] = body.results.slice(first).map(() => []);
    const axis = () => literal(b, 'int64', [0]);
    for (let turn = 0; turn < turns; turn++) {
      const rows = inputs
        .slice(first)
        .map((v) => b.op('Gather', [v, literal(b, 'int64', turn)], { axis: attr.int(0) }));
      const results = inlineRegion(body, b, [...states, ...rows]);
      states = results.slice(0, first);
      results.slice(first).forEach((v, i) => {
        put[i]?.push(b.op('Unsqueeze', [v, axis()]));
      });
    }
    return [...states, ...put.map((parts) => b.op('Concat', parts, { axis: attr.int(0) }))];
  });
  return dead(unrolled);
};
