/**
 * Graphs: every name is defined once and before it is read (single assignment, topological order), in the graph or
 * around it; what a graph gives, it computes itself.
 */
import { fail, type Place } from '../../../src/ir/diagnostic.ts';
import { calleeKey, domainName, domainOf, nodePlace } from '../identifiers.ts';
import type { GraphProto, NodeProto, ValueInfoProto } from '../schema.ts';
import { checkTrees } from '../trees.ts';
import { typeOf } from '../types.ts';
import { checkAttributes } from './attributes.ts';
import { checkEnds, checkInterface, noteInitializer, noteNode } from './bodies.ts';
import { type Context, place, type Scope, sees } from './context.ts';
import { checkCompatible, checkSignature } from './signature.ts';
import { checkSparse, checkTensor } from './tensors.ts';
import { checkDeclared } from './types.ts';

/** `outer`: what the graph stands in; null for the graph of the model. */
export const checkGraph = (
  graph: GraphProto,
  outer: Scope | null,
  opsets: ReadonlyMap<string, number>,
  within: string,
  context: Context,
): Scope => {
  const scope = scopeOf(opsets, within, outer, outer?.inFunction ?? false);
  const { findings } = context;
  if (!graph.name) {
    const at = place(context, within.replace(/: $/, ''));
    findings.warning('onnx/graph-name', 'the graph has no name', at, 'name it where the model is exported');
  }
  for (const v of graph.input ?? []) {
    const at = place(context, `${within}input '${v.name ?? ''}'`);
    findings.attempt(() => define(named(v, 'input', at), scope, at, context));
    if (outer) checkType(v, at, context);
    else checkDeclared(v, 'input', at, context);
  }
  checkInitializers(graph, scope, context);
  for (const node of graph.node ?? []) checkNode(node, scope, context);
  for (const v of graph.output ?? []) {
    const at = place(context, `${within}output '${v.name ?? ''}'`);
    findings.attempt(() => checkComputed(named(v, 'output', at), scope, at));
    if (outer) checkType(v, at, context);
    else checkDeclared(v, 'output', at, context);
  }
  for (const v of graph.value_info ?? []) {
    const at = place(context, `${within}value '${v.name ?? ''}'`);
    findings.attempt(() => named(v, 'value', at));
    checkType(v, at, context);
  }
  return scope;
};

export const scopeOf = (
  opsets: ReadonlyMap<string, number>,
  within: string,
  outer: Scope | null,
  inFunction: boolean,
): Scope => ({
  names: new Set(),
  outer,
  inFunction,
  opsets,
  within,
  missing: new Set(),
  truths: new Set(),
  origins: new Map(),
});

const named = (v: ValueInfoProto, what: string, at: Place): string =>
  v.name || fail('onnx/required', `an ${what} has no name`, at, 'name it');

const checkType = (v: ValueInfoProto, at: Place, { findings }: Context): void => {
  if (v.type) findings.attempt(() => typeOf(v.type, at));
};

/** A name that a body gives anew, of an input or a constant, hides the one around it: said, since tools differ on it. */
const define = (name: string, scope: Scope, at: Place, { findings }: Context): void => {
  if (scope.names.has(name)) {
    fail('onnx/duplicate-name', `'${name}' is defined twice`, at, 'every value needs a name of its own');
  }
  if (sees(scope.outer, name)) {
    findings.warning(
      'onnx/shadowed-name',
      `'${name}' is also the name of a value around this body`,
      at,
      'rename one of them',
    );
  }
  scope.names.add(name);
};

const checkComputed = (name: string, scope: Scope, at: Place): void => {
  if (scope.names.has(name)) return;
  if (sees(scope.outer, name)) {
    fail(
      'onnx/outer-output',
      `the output '${name}' is a value around this body, not one of its own`,
      at,
      'pass it through Identity',
    );
  }
  fail('onnx/unknown-value', `the output '${name}' is not computed`, at, 'name a value that a node gives');
};

const checkInitializers = (graph: GraphProto, scope: Scope, context: Context): void => {
  const { findings, irVersion } = context;
  const inputs = new Set((graph.input ?? []).map((i) => i.name));
  const seen = new Set<string>();
  const add = (given: string | undefined, at: Place, dense: boolean): void => {
    const name = given || fail('onnx/required', 'an initializer has no name', at, 'name it');
    if (seen.has(name)) {
      fail('onnx/duplicate-name', `the initializer '${name}' stands twice`, at, 'keep one of them');
    }
    seen.add(name);
    if (!inputs.has(name)) {
      if (irVersion < 4 && dense) {
        findings.error(
          'onnx/initializer-input',
          'before IR version 4 an initializer is an input too',
          at,
          'declare it as an input, or raise the IR version',
        );
      }
      define(name, scope, at, context);
    } else if (scope.outer && irVersion >= 4) {
      fail(
        'onnx/duplicate-name',
        `'${name}' is an input of this body too`,
        at,
        'inputs of bodies have no defaults',
      );
    }
  };
  for (const t of graph.initializer ?? []) {
    const at = place(context, `${scope.within}initializer '${t.name ?? ''}'`);
    findings.attempt(() => add(t.name, at, true));
    if (checkTensor(t, at, context)) noteInitializer(t, scope, at, context);
  }
  for (const s of graph.sparse_initializer ?? []) {
    const at = place(context, `${scope.within}initializer '${s.values?.name ?? ''}'`);
    findings.attempt(() => add(s.values?.name, at, false));
    checkSparse(s, at, context);
  }
};

/** The scope grows by what the node gives. */
export const checkNode = (node: NodeProto, scope: Scope, context: Context): void => {
  const { findings } = context;
  const at = nodePlace(context.file, node, scope.within);
  if (!node.op_type) findings.error('onnx/required', 'a node has no op_type', at, 'name its operator');
  if (!node.input?.length && !node.output?.length) {
    findings.error('onnx/empty-node', 'a node takes nothing and gives nothing', at, 'remove it');
  }
  checkReads(node, scope, at, context);
  const opset = scope.opsets.get(domainOf(node.domain));
  checkAttributes(node.attribute ?? [], scope, at, context, (body, attribute) => {
    const inside = checkGraph(body, scope, scope.opsets, `${attribute} of ${at.at}: `, context);
    if (opset === undefined) return;
    checkInterface(node, body, attribute, opset, at, context);
    checkEnds(node, body, inside, scope, at, context);
  });
  if (node.op_type) checkOperator(node, opset, scope, at, context);
  findings.attempt(() => checkTrees(node, at, context.external));
  for (const name of node.output ?? []) {
    if (name === '') continue;
    if (sees(scope, name)) {
      const help = 'every value needs a name of its own';
      findings.error('onnx/duplicate-name', `'${name}' is defined twice`, at, help);
    }
    scope.names.add(name);
  }
  findings.attempt(() => noteNode(node, scope, at, context));
};

const checkReads = (node: NodeProto, scope: Scope, at: Place, { findings }: Context): void => {
  for (const name of node.input ?? []) {
    if (name === '' || sees(scope, name) || scope.missing.has(name)) continue;
    // Once is enough, however many nodes read it.
    scope.missing.add(name);
    findings.error(
      'onnx/unknown-value',
      `'${name}' is read before it is defined, or never is`,
      at,
      'nodes stand in the order in which they are computed',
    );
  }
};

const checkOperator = (
  node: NodeProto,
  opset: number | undefined,
  scope: Scope,
  at: Place,
  context: Context,
): void => {
  if (opset === undefined) {
    if (!context.findings.first(`${domainOf(node.domain)} in ${scope.inFunction}`)) return;
    const domain = domainName(domainOf(node.domain));
    const who = scope.inFunction ? 'the function' : 'the model';
    context.findings.error(
      'onnx/opset-import',
      `${who} does not import '${domain}', which the node's operator is of`,
      at,
      `add '${domain}' to the opset imports`,
    );
    return;
  }
  if (scope.inFunction) {
    checkCompatible(node, opset, context.opsets.get(domainOf(node.domain)), at, context);
  }
  // What a function of the model says about its calls, the call itself is held against.
  if (!context.functions.has(calleeKey(node))) checkSignature(node, opset, at, context);
};
