/** The label that follows from scores: the class of the greatest, however its shape and dtype are turned afterwards. */
import { intOf } from '../../../../src/ir/attributes.ts';
import { type Node, opName, type Value } from '../../../../src/ir/model.ts';
import { isFloat, isInteger } from '../../../../src/tensor/dtype.ts';
import type { Graph } from './part.ts';

export interface Label {
  /** `[N]` or `[N, 1]`. */
  readonly value: Value;
  /** In the order of the scores. */
  readonly classes: readonly (string | number)[];
  /** Another table that is looked up beside it: how the winners are called. */
  readonly winner: { readonly value: Value; readonly names: readonly string[] } | null;
  /** Does nothing else come of the ArgMax? */
  readonly alone: boolean;
}

/** The label of scores `[N, k]` by their one ArgMax; null where there is none. */
export const labelOf = (scores: Value, graph: Graph): Label | null => {
  const [found, ...more] = graph.readersOf(scores).filter((n) => opName(n.op) === 'ArgMax');
  const index = found?.outputs[0];
  if (!index || more.length > 0 || !alongClasses(found)) return null;
  const { type } = scores;
  const count = type.kind === 'tensor' ? type.dims?.[1] : null;
  if (typeof count !== 'number') return null;
  let classes: readonly (string | number)[] = Array.from({ length: count }, (_, c) => c);
  let winner: Label['winner'] = null;
  let alone = true;
  let label: Label | null = isColumn(index) ? { value: index, classes, winner, alone } : null;
  for (let at = index, looked = false; ; ) {
    // The first table is of labels.
    const next = graph.only(at) ?? graph.readersOf(at).find((n) => lookedUp(n, at, graph));
    const out = next?.outputs[0];
    if (!next || !out) return label;
    if (graph.only(at) !== next) {
      winner = winnerOf(at, next, count, graph);
      alone &&= winner !== null;
    }
    const table = lookedUp(next, at, graph);
    // A table may name more classes than are ever found.
    if (table && !looked && table.length >= count) {
      classes = table.slice(0, count);
      looked = true;
    } else if (!keeps(next, at)) return label;
    if (isColumn(out)) label = { value: out, classes, winner, alone };
    at = out;
  }
};

/** The one other reader of an index, where it looks up names. */
const winnerOf = (index: Value, label: Node, count: number, graph: Graph): Label['winner'] => {
  const [other, ...more] = graph.readersOf(index).filter((n) => n !== label);
  const value = other?.outputs[0];
  const names = other && lookedUp(other, index, graph);
  const sound = names?.length === count && names.every((n) => typeof n === 'string' && n !== '');
  return value && sound && more.length === 0 ? { value, names: names as string[] } : null;
};

const alongClasses = (node: Node): boolean =>
  [1, -1].includes(intOf(node, 'axis', 0)) && intOf(node, 'select_last_index', 0) === 0;

/** One element a row; rows that are not known to be rows are what the converters leave open. */
const isColumn = ({ type }: Value): boolean =>
  type.kind === 'tensor' &&
  (type.dims?.length === 1 || (type.dims?.length === 2 && type.dims[1] === 1 && type.dims[0] !== 1));

/** The table in which an index is looked up. */
const lookedUp = (node: Node, index: Value, graph: Graph): (string | number)[] | null => {
  const name = opName(node.op);
  const [data, at] = node.inputs;
  const gathers =
    name === 'ai.onnx.ml.ArrayFeatureExtractor' || (name === 'Gather' && intOf(node, 'axis', 0) === 0);
  const table = graph.constant(data);
  if (!gathers || at !== index || table?.dims.length !== 1) return null;
  const values = Array.from(table.data as ArrayLike<string | number | bigint>, (v) =>
    typeof v === 'bigint' ? Number(v) : v,
  );
  return values.every((v) => typeof v === 'string' || Number.isSafeInteger(v)) &&
    new Set(values).size === values.length
    ? values
    : null;
};

/** Does it give the same labels in another shape, or as other numbers? */
const keeps = (node: Node, from: Value): boolean => {
  const name = opName(node.op);
  if (['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity'].includes(name))
    return node.inputs[0] === from;
  const [before, after] = [from.type, node.outputs[0]?.type];
  if (name !== 'Cast' || before.kind !== 'tensor' || after?.kind !== 'tensor') return false;
  return isInteger(before.dtype) && (isInteger(after.dtype) || isFloat(after.dtype));
};
