/**
 * Is a decoded model sound? Everything that does not need the meaning of operators: required fields, imports, attributes,
 * names (single assignment, order), tensors, external data, functions. Every model passes here before it is built, and
 * before a native runtime sees it. Throws a located PortolanError at the first fault.
 */
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import { kindOf } from './attributes.ts';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  StringStringEntryProto,
  ValueInfoProto,
} from './schema.ts';
import { type External, SparseData, TensorData } from './tensors.ts';
import { checkTrees } from './trees.ts';
import { typeOf } from './types.ts';

const newestIr = 14;

/** The newest opsets there are meanings for. */
const newestOpset: ReadonlyMap<string, number> = new Map([
  ['', 28],
  ['ai.onnx.ml', 5],
]);

/** Nodes that calls of functions may grow to: functions that call others twice grow exponentially. */
const mostExpanded = 1_000_000;

/** ai.onnx is another spelling of the default domain. */
export const domainOf = (domain: string | undefined): string =>
  domain === undefined || domain === 'ai.onnx' ? '' : domain;

export const nodePlace = (file: string, node: NodeProto): Place => ({
  file,
  at: `node '${node.name || (node.output ?? []).find((o) => o !== '') || ''}' (${node.op_type})`,
});

export const functionKey = (domain: string, name: string, overload = ''): string =>
  `${domain}\0${name}\0${overload}`;

export const opsetsOf = (imports: ModelProto['opset_import'], at: Place): ReadonlyMap<string, number> => {
  const opsets = new Map<string, number>();
  for (const { domain, version } of imports ?? []) {
    const key = domainOf(domain);
    const opset = Number(version ?? 0);
    if (opsets.has(key) && opsets.get(key) !== opset) {
      fail('onnx/opset-import', `two versions of '${key || 'ai.onnx'}' are imported`, at);
    }
    const newest = newestOpset.get(key);
    if (!(opset >= 1)) fail('onnx/opset-import', `there is no opset ${opset} of '${key || 'ai.onnx'}'`, at);
    if (newest !== undefined && opset > newest) {
      fail(
        'onnx/opset-import',
        `opset ${opset} of '${key || 'ai.onnx'}' is newer than ${newest}, the newest known here`,
        at,
      );
    }
    opsets.set(key, opset);
  }
  return opsets;
};

interface Options {
  /** Count the elements of large blocks of varints too, which reads them. */
  readonly exact?: boolean;
}

export const checkModel = (
  model: ModelProto,
  file: string,
  external: External,
  options: Options = {},
): void => new Checker(file, external, options).model(model);

/** Names seen in a graph so far, and around it. */
interface Scope {
  readonly names: Set<string>;
  readonly outer: Scope | null;
  readonly inFunction: boolean;
}

const sees = (scope: Scope | null, name: string): boolean => {
  for (let s = scope; s; s = s.outer) if (s.names.has(name)) return true;
  return false;
};

class Checker {
  private readonly file: string;
  private readonly external: External;
  private readonly options: Options;

  constructor(file: string, external: External, options: Options) {
    this.file = file;
    this.external = external;
    this.options = options;
  }

  private place(at: string): Place {
    return { file: this.file, at };
  }

  model(model: ModelProto): void {
    const at = this.place('');
    const ir = Number(
      model.ir_version ?? fail('onnx/required', 'the model has no ir_version: is this ONNX?', at),
    );
    if (!(ir >= 1)) fail('onnx/ir-version', `there is no IR version ${ir}`, at);
    if (ir > newestIr) {
      fail(
        'onnx/ir-version',
        `IR version ${ir} is newer than ${newestIr}, the newest known here`,
        at,
        'update portolan',
      );
    }
    if (!model.graph) fail('onnx/required', 'the model has no graph', at);
    if (ir >= 3 && !model.opset_import?.length) fail('onnx/opset-import', 'no operator set is imported', at);
    if (ir < 3 && model.opset_import?.length)
      fail('onnx/opset-import', 'IR versions before 3 import no operator sets', at);
    opsetsOf(model.opset_import, at);
    this.metadata(model.metadata_props, at);
    this.functions(model);
    this.graph(model.graph ?? {}, null, '', ir < 4);
  }

  private metadata(props: readonly StringStringEntryProto[] | undefined, at: Place): void {
    const keys = new Set<string>();
    for (const { key = '' } of props ?? []) {
      if (keys.has(key)) fail('onnx/metadata-key', `the metadata key '${key}' stands twice`, at);
      keys.add(key);
    }
  }

  /** Functions are unique, do not call themselves by whatever way, and do not grow without measure where they are called. */
  private functions(model: ModelProto): void {
    const table = new Map<string, FunctionProto>();
    for (const f of model.functions ?? []) {
      const at = this.place(`function '${f.name ?? ''}'`);
      if (!f.name) fail('onnx/required', 'a function has no name', at);
      const key = functionKey(domainOf(f.domain), f.name as string, f.overload);
      if (table.has(key)) fail('onnx/duplicate-function', `the function '${f.name}' stands twice`, at);
      table.set(key, f);
      opsetsOf(f.opset_import, at);
      for (const list of [f.input ?? [], f.output ?? [], f.attribute ?? []]) {
        if (new Set(list).size !== list.length)
          fail('onnx/duplicate-name', 'a name of the function stands twice', at);
      }
      const names = new Set((f.input ?? []).filter((n) => n !== ''));
      this.nodes(f.node ?? [], { names, outer: null, inFunction: true }, at.at);
      for (const name of f.output ?? []) {
        if (!names.has(name))
          fail('onnx/unknown-value', `the function's output '${name}' is not computed`, at);
      }
    }
    this.recursion(table, model.graph ?? {});
  }

  private recursion(table: ReadonlyMap<string, FunctionProto>, graph: GraphProto): void {
    const sizes = new Map<string, number>();
    const open = new Set<string>();
    const sizeOf = (nodes: readonly NodeProto[]): number => {
      let size = 0;
      for (const callee of calls(nodes)) size += table.has(callee) ? visit(callee) : 1;
      return size;
    };
    const visit = (key: string): number => {
      const known = sizes.get(key);
      if (known !== undefined) return known;
      const f = table.get(key) as FunctionProto;
      const at = this.place(`function '${f.name}'`);
      if (open.has(key)) fail('onnx/function-recursion', 'this function calls itself', at);
      if (open.size >= 100) fail('onnx/depth', 'functions call each other more than 100 deep', at);
      open.add(key);
      const size = sizeOf(f.node ?? []);
      open.delete(key);
      sizes.set(key, size);
      return size;
    };
    for (const key of table.keys()) visit(key);
    const size = table.size > 0 ? sizeOf(graph.node ?? []) : 0;
    if (size > mostExpanded) {
      const at = this.place('');
      fail(
        'onnx/function-size',
        `with its functions the graph has ${size} nodes; ${mostExpanded} is the limit`,
        at,
      );
    }
  }

  private valueInfos(list: readonly ValueInfoProto[] | undefined, what: string, where: string): string[] {
    return (list ?? []).map((v) => {
      const at = this.place(`${where}${what} '${v.name ?? ''}'`);
      if (!v.name) fail('onnx/required', `an ${what} has no name`, at);
      if (v.type) typeOf(v.type, at);
      return v.name as string;
    });
  }

  private graph(graph: GraphProto, outer: Scope | null, where: string, initializersAreInputs: boolean): void {
    const scope: Scope = { names: new Set(), outer, inFunction: outer?.inFunction ?? false };
    const define = (name: string, at: Place) => {
      if (sees(scope, name)) fail('onnx/duplicate-name', `'${name}' is defined twice`, at);
      scope.names.add(name);
    };
    const inputs = this.valueInfos(graph.input, 'input', where);
    for (const name of inputs) define(name, this.place(`${where}input '${name}'`));
    this.initializers(graph, new Set(inputs), define, where, initializersAreInputs);
    this.nodes(graph.node ?? [], scope, where);
    for (const name of this.valueInfos(graph.output, 'output', where)) {
      if (!sees(scope, name)) {
        fail(
          'onnx/unknown-value',
          `the output '${name}' is not computed`,
          this.place(`${where}output '${name}'`),
        );
      }
    }
    this.valueInfos(graph.value_info, 'value', where);
  }

  private initializers(
    graph: GraphProto,
    inputs: ReadonlySet<string>,
    define: (name: string, at: Place) => void,
    where: string,
    areInputs: boolean,
  ): void {
    const seen = new Set<string>();
    const add = (name: string | undefined): Place => {
      const at = this.place(`${where}initializer '${name ?? ''}'`);
      if (!name) return fail('onnx/required', 'an initializer has no name', at);
      if (seen.has(name)) fail('onnx/duplicate-name', `the initializer '${name}' stands twice`, at);
      seen.add(name);
      if (!inputs.has(name)) {
        if (areInputs && where === '')
          fail('onnx/required', 'before IR version 4 an initializer is an input too', at);
        define(name, at);
      }
      return at;
    };
    for (const t of graph.initializer ?? []) {
      const data = new TensorData(t, add(t.name), this.external);
      if (this.options.exact) data.checkCount();
    }
    for (const s of graph.sparse_initializer ?? []) {
      const data = new SparseData(s, add(s.values?.name), this.external);
      if (this.options.exact) data.check();
    }
  }

  /** The scope grows by what the nodes define. */
  private nodes(nodes: readonly NodeProto[], scope: Scope, where: string): void {
    for (const node of nodes) {
      const at = nodePlace(this.file, node);
      if (!node.op_type) fail('onnx/required', `a node ${where ? `of ${where} ` : ''}has no op_type`, at);
      for (const name of node.input ?? []) {
        if (name !== '' && !sees(scope, name)) {
          fail('onnx/unknown-value', `'${name}' is read before it is defined, or never is`, at);
        }
      }
      this.attributes(node, scope, at);
      checkTrees(node, at, this.external);
      for (const name of node.output ?? []) {
        if (name === '') continue;
        if (sees(scope, name)) fail('onnx/duplicate-name', `'${name}' is defined twice`, at);
        scope.names.add(name);
      }
    }
  }

  private attributes(node: NodeProto, scope: Scope, at: Place): void {
    const seen = new Set<string>();
    for (const a of node.attribute ?? []) {
      if (!a.name) fail('onnx/required', 'an attribute has no name', at);
      if (seen.has(a.name as string))
        fail('onnx/duplicate-attribute', `the attribute '${a.name}' stands twice`, at);
      seen.add(a.name as string);
      if (a.ref_attr_name) {
        if (!scope.inFunction)
          fail('onnx/attribute-reference', `'${a.name}' refers to an attribute outside of a function`, at);
        continue;
      }
      this.attributeValue(a, kindOf(a, at), scope, at);
    }
  }

  private attributeValue(a: AttributeProto, kind: ReturnType<typeof kindOf>, scope: Scope, at: Place): void {
    const tensors = kind === 'TENSOR' ? [a.t ?? {}] : kind === 'TENSORS' ? (a.tensors ?? []) : [];
    for (const t of tensors) {
      const data = new TensorData(t, at, this.external);
      if (this.options.exact) data.checkCount();
    }
    const sparse =
      kind === 'SPARSE_TENSOR'
        ? [a.sparse_tensor ?? {}]
        : kind === 'SPARSE_TENSORS'
          ? (a.sparse_tensors ?? [])
          : [];
    for (const s of sparse) {
      const data = new SparseData(s, at, this.external);
      if (this.options.exact) data.check();
    }
    const types = kind === 'TYPE_PROTO' ? [a.tp] : kind === 'TYPE_PROTOS' ? (a.type_protos ?? []) : [];
    for (const t of types) typeOf(t, at);
    const graphs = kind === 'GRAPH' ? [a.g ?? {}] : kind === 'GRAPHS' ? (a.graphs ?? []) : [];
    for (const g of graphs) this.graph(g, scope, `${a.name} of ${at.at}: `, false);
  }
}

/** The keys of all that nodes call, bodies included. */
function* calls(nodes: readonly NodeProto[]): Iterable<string> {
  for (const n of nodes) {
    yield functionKey(domainOf(n.domain), n.op_type ?? '', n.overload);
    for (const a of n.attribute ?? []) {
      if (a.g) yield* calls(a.g.node ?? []);
      for (const g of a.graphs ?? []) yield* calls(g.node ?? []);
    }
  }
}
