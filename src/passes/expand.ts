/** Replaces every operator that has no evaluation of its own by what it expands to, until none is left. */
import { fail, isRefusal } from '../ir/diagnostic.ts';
import { type Model, type Node, opName, type Region } from '../ir/model.ts';
import { find } from '../ops/registry.ts';
import { rebuild } from './rebuild.ts';

const needsExpansion = (node: Node): boolean => {
  const operator = find(node.op);
  return operator?.evaluate === undefined && operator?.apply === undefined && operator?.expand !== undefined;
};

const anyNode = (r: Region, test: (n: Node) => boolean): boolean =>
  r.nodes.some(
    (n) => test(n) || [...n.attributes.values()].some((a) => a.kind === 'region' && anyNode(a.region, test)),
  );

/** Keeps values: the expansion of an operator means what the operator means. */
export const expand = (model: Model): Model => {
  let current = model;
  // An expansion may hold operators that expand themselves; each step goes to a newer or simpler operator.
  for (let depth = 0; anyNode(current.graph, needsExpansion); depth++) {
    if (depth > 32) fail('passes/expand-depth', 'operators expand into each other without end');
    current = rebuild(current, (node, b, inputs) => {
      if (!needsExpansion(node)) return undefined;
      const result = find(node.op)?.expand?.({ ...node, inputs }, b);
      if (isRefusal(result)) {
        return fail(result.rule, `${opName(node.op)} '${node.name}': ${result.why}`, node.from[0]);
      }
      return result;
    });
  }
  return current;
};

/**
 * Gradient names tensors of the graph around it, which no other node does: it becomes what it means before a pass takes a
 * tensor away that it names.
 */
export const settled = (model: Model): Model =>
  anyNode(model.graph, (n) => n.op.name === 'Gradient' && n.op.domain === 'ai.onnx.preview.training')
    ? expand(model)
    : model;
