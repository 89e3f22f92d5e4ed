import { stringOf, stringsOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Node, opName, tensorType, type Value } from '../../ir/model.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { derivatives, numberLike } from './derivatives.ts';

/**
 * The partial derivatives of the tensor named `y` by those named `xs`, where these and those named `zs` have the values
 * given. ai.onnx.preview.training, Gradient 1. It names tensors of the graph around it instead of taking them: it expands to
 * that part of the graph at the given values, and what reverse-mode differentiation makes of it. Where `y` has more than
 * one element, its sum is differentiated.
 */
export const Gradient: Operator = {
  domain: 'ai.onnx.preview.training',
  name: 'Gradient',
  since: [1],
  infer: (node) => {
    const [xs, zs] = [stringsOf(node, 'xs') ?? [], stringsOf(node, 'zs') ?? []];
    if (xs.length === 0) refused(node, 'xs names no tensor');
    if (node.inputs.length !== xs.length + zs.length) {
      refused(node, `xs and zs name ${xs.length + zs.length} tensors, and ${node.inputs.length} are given`);
    }
    if (node.outputs.length > xs.length) refused(node, `there are ${xs.length} derivatives`);
    return xs.map((_, i) => {
      const { dtype, dims } = tensorInput(node, i, ['float16', 'float32', 'float64']);
      return tensorType(dtype, dims);
    });
  },
  expand: (node, b) => {
    const named = (name: string): Value =>
      b.named(name) ?? refused(node, `there is no tensor '${name}' before it`);
    const xs = (stringsOf(node, 'xs') ?? []).map(named);
    const zs = (stringsOf(node, 'zs') ?? []).map(named);
    const y = named(stringOf(node, 'y') ?? '');
    // The graph from xs and zs to y, at the values given.
    const at = new Map<Value, Value>([...xs, ...zs].map((v, i) => [v, node.inputs[i] as Value]));
    const path = between(y, new Set(at.keys()), new Set(xs), b);
    for (const n of path) evaluateAt(n, at, b);
    const dy = new Map<Value, Value>();
    const end = at.get(y) ?? y;
    dy.set(y, b.op('Expand', [numberLike(b, end, 1), b.op('Shape', [end])]));
    for (const n of [...path].reverse()) passOn(n, at, dy, b);
    return xs.map((x, i) => {
      const o = node.outputs[i];
      if (!o) return null;
      const given = at.get(x) as Value;
      const d = dy.get(x) ?? b.op('Expand', [numberLike(b, given, 0), b.op('Shape', [given])]);
      // Under its own name: a derivative may be differentiated again.
      return b.op('Identity', [d], {}, { output: b.unique(o.name) });
    });
  },
};

/** The nodes that make `y` of values that depend on one of `xs`, in their order; `ends` are not looked behind. */
const between = (y: Value, ends: ReadonlySet<Value>, xs: ReadonlySet<Value>, b: Builder): readonly Node[] => {
  const depends = new Map<Value, boolean>();
  const path = new Set<Node>();
  const visit = (v: Value): boolean => {
    const known = depends.get(v);
    if (known !== undefined) return known;
    depends.set(v, xs.has(v));
    const n = ends.has(v) ? undefined : b.producer(v);
    if (!n) return xs.has(v);
    let found = false;
    for (const i of n.inputs) if (i && visit(i)) found = true;
    depends.set(v, found);
    if (found) path.add(n);
    return found;
  };
  visit(y);
  return [...path];
};

/** The node again where an input of it has another value here. */
const evaluateAt = (n: Node, at: Map<Value, Value>, b: Builder): void => {
  if (n.inputs.every((v) => v === null || (at.get(v) ?? v) === v)) return;
  const outputs = b.call(
    n.op,
    n.inputs.map((v) => v && (at.get(v) ?? v)),
    { attributes: n.attributes, outputs: n.outputs.map((o) => (o ? b.unique(o.name) : null)) },
  );
  n.outputs.forEach((o, i) => {
    if (o) at.set(o, outputs[i] as Value);
  });
};

/** The derivatives by a node's inputs, added to what they have from elsewhere. */
const passOn = (n: Node, at: ReadonlyMap<Value, Value>, dy: Map<Value, Value>, b: Builder): void => {
  const [y] = n.outputs;
  const given = y && dy.get(y);
  if (!y || !given) return;
  const derivative = n.op.domain === '' ? derivatives[n.op.name] : undefined;
  if (!derivative) refused(n, `the derivative of ${opName(n.op)} is not known here`);
  const here = (v: Value): Value => at.get(v) ?? v;
  const x = n.inputs.map((v) => here(v as Value));
  const parts = derivative?.({ node: n, b, x, y: here(y), dy: given }) ?? [];
  n.inputs.forEach((v, i) => {
    const part = parts[i];
    if (!v || !part) return;
    const before = dy.get(v);
    dy.set(v, before ? b.op('Add', [before, part]) : part);
  });
};
