/**
 * What is computed element by element from looked-up outcomes is looked up instead: `f(Gather(t, i)) = Gather(f(t), i)`. A forest of
 * 500 trees then carries its outcomes [N, 500] through a few Gathers, not through every Where and Or that asks what they are
 * worth, and the sums over trees stand right behind them. Keeps values bit for bit.
 */
import { intOf, treesOf } from '../ir/attributes.ts';
import { type Model, OWN, opName, type Value } from '../ir/model.ts';
import type { Trees } from '../ir/trees.ts';
import { find } from '../ops/registry.ts';
import { dataOf, load } from '../tensor/data.ts';
import { type Column, column } from '../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { dead } from './dead.ts';
import { rebuild } from './rebuild.ts';

/** Operators of which element i of the output depends on element i of the inputs alone. */
const elementwise = new Set(
  'Where Not And Or Xor Cast Add Sub Mul Div Neg Abs Min Max Equal Less LessOrEqual Greater GreaterOrEqual Identity'.split(
    ' ',
  ),
);

/** A value that is a constant table looked up by the outcomes of a Route. */
interface Looked {
  readonly index: Value;
  readonly table: Tensor;
  /** The tree of each outcome; null where an outcome stands in several trees. */
  readonly treeOf: Int32Array | null;
  readonly trees: number;
}

export const tabulate = (model: Model): Model => {
  const routes = new Map<Value, Pick<Looked, 'treeOf' | 'trees'>>();
  const looked = new Map<Value, Looked>();
  const rewritten = rebuild(model, (node, b, inputs) => {
    if (node.op.domain === OWN && node.op.name === 'Route') {
      const outputs = b.call(node.op, inputs, {
        attributes: node.attributes,
        name: node.name,
        from: node.from,
        outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
      });
      const trees = treesOf(node);
      const [outcome] = outputs;
      if (outcome) routes.set(outcome, { treeOf: treeOfOutcomes(trees), trees: trees.roots.length });
      return outputs;
    }
    const name = opName(node.op);
    if (name === 'Gather' && intOf(node, 'axis', 0) === 0) {
      const [data, index] = inputs;
      const route = index && routes.get(index);
      const table = b.known(data);
      if (!route || !index || table?.dims.length !== 1) return undefined;
      const outputs = b.call(node.op, inputs, {
        attributes: node.attributes,
        name: node.name,
        from: node.from,
      });
      looked.set(outputs[0] as Value, { index, table: load(table), ...route });
      return outputs;
    }
    if (!elementwise.has(name)) return undefined;
    const lead = inputs.map((v) => v && looked.get(v)).find((x) => x);
    if (!lead) return undefined;
    const tables = inputs.map((v) => v && tableOf(lead, looked.get(v), b.known(v)));
    if (tables.some((t) => t === undefined)) return undefined;
    const [result] = find(node.op)?.evaluate?.(tables as (Tensor | null)[], node) ?? [];
    if (!result || result.missing || countOf(result.dims) !== lead.table.dims[0]) return undefined;
    const table = tensor(result.dtype, lead.table.dims, result.data);
    const value = b.op('Gather', [b.constant(dataOf(table), 'table'), lead.index]);
    looked.set(value, { ...lead, table });
    return [value];
  });
  return looked.size === 0 ? model : dead(rewritten);
};

/** An operand by outcome: a looked-up table, one constant for all, or a constant for each tree; undefined where it is none of these. */
const tableOf = (
  lead: Looked,
  own: Looked | undefined,
  known: ReturnType<Parameters<Parameters<typeof rebuild>[1]>[1]['known']>,
): Tensor | undefined => {
  if (own) return own.index === lead.index ? own.table : undefined;
  if (!known || known.dims.length > 2 || (known.dims.length === 2 && known.dims[0] !== 1)) return undefined;
  const { data } = load(known);
  if ((data as unknown[]).every((x) => Object.is(x, data[0])))
    return tensor(known.dtype, [1], data.slice(0, 1));
  if (known.count !== lead.trees || lead.treeOf === null) return undefined;
  const spread = column(known.dtype, lead.treeOf.length) as unknown[];
  lead.treeOf.forEach((tree, outcome) => {
    if (tree >= 0) spread[outcome] = data[tree];
  });
  return tensor(known.dtype, [lead.treeOf.length], spread as unknown as Column);
};

/** The tree in which each outcome stands (-1: none); null where one stands in several. */
const treeOfOutcomes = (trees: Trees): Int32Array | null => {
  const treeOf = new Int32Array(trees.outcomes).fill(-1);
  const seen = new Int32Array(trees.test.length).fill(-1);
  const open: number[] = [];
  for (const [t, root] of trees.roots.entries()) {
    open.push(root);
    while (open.length > 0) {
      const at = open.pop() as number;
      if (at < 0) {
        if (treeOf[~at] !== -1 && treeOf[~at] !== t) return null;
        treeOf[~at] = t;
      } else if (at < trees.test.length && seen[at] !== t) {
        seen[at] = t;
        open.push(trees.ifTrue[at] as number, trees.ifFalse[at] as number, trees.ifUnknown[at] as number);
      }
    }
  }
  return treeOf;
};
