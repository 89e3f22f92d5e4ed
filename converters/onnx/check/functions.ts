/** Functions of the model: unique, whole, never calling themselves, and not growing without measure where they are called. */
import { fail } from '../../../src/ir/diagnostic.ts';
import { calleeKey, nodePlace } from '../identifiers.ts';
import { opsetsOf } from '../imports.ts';
import type { AttributeProto, FunctionProto, GraphProto, NodeProto } from '../schema.ts';
import { checkTrees } from '../trees.ts';
import { type Context, place, type Scope } from './context.ts';
import { checkNode, scopeOf } from './graph.ts';

/** Nodes that calls of functions may grow to: functions that call others twice grow exponentially. */
const mostExpanded = 1_000_000;
const deepestCalls = 100;

export const checkFunctions = (
  functions: readonly FunctionProto[],
  graph: GraphProto,
  context: Context,
): void => {
  const { findings } = context;
  const seen = new Set<FunctionProto>(context.functions.values());
  for (const f of functions) {
    const at = place(context, `function '${f.name ?? ''}'`);
    // The table has one function of each key: another one of the same key is not in it.
    if (!seen.has(f)) {
      findings.error('onnx/duplicate-function', `the function '${f.name}' stands twice`, at, 'keep one');
    }
    findings.attempt(() => checkFunction(f, context));
  }
  const sound = findings.attempt(() => checkCalls(graph, context));
  if (sound && context.functions.size > 0) checkGivenTrees(graph, context);
};

const checkFunction = (f: FunctionProto, context: Context): void => {
  const within = `function '${f.name ?? ''}': `;
  const at = place(context, `function '${f.name ?? ''}'`);
  const { findings, irVersion } = context;
  if (!f.name) findings.error('onnx/required', 'a function has no name', at, 'name it');
  if (irVersion >= 8 && f.domain === undefined) {
    findings.error('onnx/required', 'a function has no domain', at, 'give it one');
  }
  const lists = { input: f.input, output: f.output, attribute: f.attribute };
  for (const [what, list = []] of Object.entries(lists)) {
    if (new Set(list).size !== list.length) {
      findings.error(
        'onnx/duplicate-name',
        `an ${what} of the function stands twice`,
        at,
        'keep one of them',
      );
    }
  }
  const scope: Scope = scopeOf(opsetsOf(f.opset_import, at), within, null, true);
  for (const name of f.input ?? []) if (name !== '') scope.names.add(name);
  for (const node of f.node ?? []) checkNode(node, scope, context);
  for (const name of f.output ?? []) {
    if (!scope.names.has(name)) {
      const help = 'name a value that a node gives';
      findings.error('onnx/unknown-value', `the function's output '${name}' is not computed`, at, help);
    }
  }
};

/** How many nodes the graph has with its functions; refuses those that call themselves by whatever way. */
const checkCalls = (graph: GraphProto, context: Context): void => {
  const { functions } = context;
  if (functions.size === 0) return;
  const sizes = new Map<string, number>();
  const open = new Set<string>();
  const sizeOf = (nodes: readonly NodeProto[]): number => {
    let size = 0;
    for (const node of everyNode(nodes)) {
      const key = calleeKey(node);
      size += functions.has(key) ? visit(key) : 1;
    }
    return size;
  };
  const visit = (key: string): number => {
    const known = sizes.get(key);
    if (known !== undefined) return known;
    const f = functions.get(key) as FunctionProto;
    const at = place(context, `function '${f.name}'`);
    if (open.has(key)) {
      fail(
        'onnx/function-recursion',
        'this function calls itself',
        at,
        'functions stand for their bodies: unroll it',
      );
    }
    if (open.size >= deepestCalls) {
      fail(
        'onnx/depth',
        `functions call each other more than ${deepestCalls} deep`,
        at,
        'inline some of them',
      );
    }
    open.add(key);
    const size = sizeOf(f.node ?? []);
    open.delete(key);
    sizes.set(key, size);
    return size;
  };
  for (const key of functions.keys()) visit(key);
  const size = sizeOf(graph.node ?? []);
  if (size > mostExpanded) {
    fail(
      'onnx/function-size',
      `with its functions the graph has ${size} nodes; ${mostExpanded} is the limit`,
      place(context, ''),
      'a body of this size is a mistake, or meant to fill the memory',
    );
  }
};

/** The nodes, and those of the bodies in them. */
function* everyNode(nodes: readonly NodeProto[]): Iterable<NodeProto> {
  for (const node of nodes) {
    yield node;
    for (const a of node.attribute ?? []) {
      if (a.g) yield* everyNode(a.g.node ?? []);
      for (const g of a.graphs ?? []) yield* everyNode(g.node ?? []);
    }
  }
}

const refers = (node: NodeProto): boolean => (node.attribute ?? []).some((a) => a.ref_attr_name);

/** Trees inside of functions whose columns come from the call: checked for every call. */
const checkGivenTrees = (graph: GraphProto, context: Context): void => {
  const { functions, findings } = context;
  const known = new Map<string, boolean>();
  /** Does the body of the function end at a tree that refers to attributes? It calls nothing that calls it. */
  const reachesTrees = (key: string): boolean => {
    const found = known.get(key);
    if (found !== undefined) return found;
    let reaches = false;
    for (const node of everyNode(functions.get(key)?.node ?? [])) {
      const callee = calleeKey(node);
      reaches ||= functions.has(callee) ? reachesTrees(callee) : node.domain === 'ai.onnx.ml' && refers(node);
    }
    known.set(key, reaches);
    return reaches;
  };
  const walk = (nodes: readonly NodeProto[], given: ReadonlyMap<string, AttributeProto> | null): void => {
    for (const node of everyNode(nodes)) {
      const key = calleeKey(node);
      const f = functions.get(key);
      if (f ? !reachesTrees(key) : !given || !refers(node)) continue;
      const attribute = (node.attribute ?? []).flatMap(({ name = '', ref_attr_name, ...a }) => {
        const value = ref_attr_name ? given?.get(ref_attr_name) : a;
        return value ? [{ ...value, name }] : [];
      });
      if (f)
        walk(
          f.node ?? [],
          new Map([...(f.attribute_proto ?? []), ...attribute].map((a) => [a.name ?? '', a])),
        );
      else
        findings.attempt(() =>
          checkTrees({ ...node, attribute }, nodePlace(context.file, node), context.external),
        );
    }
  };
  walk(graph.node ?? [], null);
};
