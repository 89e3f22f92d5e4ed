/** GraphProto → Region, through the checked builder: names become values, calls of functions become their bodies. */
import type { Builder } from '../../src/ir/builder.ts';
import { type Diagnostics, fail, type Place, PortolanError } from '../../src/ir/diagnostic.ts';
import type { Attribute, Node, Region, Type, Value } from '../../src/ir/model.ts';
import { widened } from '../../src/ir/shape.ts';
import type { Body } from '../../src/ops/operator.ts';
import { find, resolve } from '../../src/ops/registry.ts';
import { typedBody } from '../../src/ops/typedBody.ts';
import { attributeOf } from './attributes.ts';
import { domainOf, functionKey, nodePlace } from './identifiers.ts';
import { opsetsOf } from './imports.ts';
import { extraOf, type NodeExtra } from './origin.ts';
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, ValueInfoProto } from './schema.ts';
import { sparseData } from './sparse.ts';
import { type External, type SparseData, TensorData } from './tensors.ts';
import { typeOf } from './types.ts';

export interface Context {
  readonly file: string;
  readonly external: External;
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly notes: Diagnostics;
  /** Extras of nodes, by their place. */
  readonly extras: Map<Place, NodeExtra>;
  /** Names given to values of functions' bodies. */
  readonly promised: Set<string>;
}

/** Names visible at a place. null: an input of a function that the call leaves out. */
class Scope {
  private readonly values = new Map<string, Value | null>();
  private readonly outer: Scope | null;

  constructor(outer: Scope | null) {
    this.outer = outer;
  }

  set(name: string, value: Value | null): void {
    this.values.set(name, value);
  }

  get(name: string, at: Place): Value | null {
    for (let s: Scope | null = this; s; s = s.outer) {
      const value = s.values.get(name);
      if (value !== undefined) return value;
    }
    return fail('onnx/unknown-value', `'${name}' is not defined`, at);
  }
}

/** What nodes mean where they stand: their opsets and, in a function, what the call gives. */
interface Frame {
  readonly opsets: ReadonlyMap<string, number>;
  /** Attributes of the call; null outside of functions. */
  readonly given: ReadonlyMap<string, Given> | null;
  /** Loops around: what is declared inside of one says nothing of the extents of another round. */
  readonly loops: number;
  /** The name a value of the body gets. */
  readonly rename: (name: string) => string;
}

/** A graph among the attributes: what it means hangs on the node it is put in. */
interface Graph {
  readonly kind: 'graph';
  readonly declared: readonly Type[];
  make(b: Builder, params: readonly Type[], inLoop: boolean): Region;
}

type Given = Attribute | Graph;

/** Loops in loops whose bodies are typed with patience. */
const patientLoops = 3;

export interface TopGraph {
  readonly graph: GraphProto;
  readonly opsets: ReadonlyMap<string, number>;
  /** Declared types of the inputs, rows made a symbol. */
  readonly inputTypes: ReadonlyMap<string, Type>;
  /** Before IR version 4 an initializer is no default: it cannot be overridden. */
  readonly defaults: boolean;
  /** Nodes left out, and what stands for a result of the graph in their place. */
  readonly removed: ReadonlySet<NodeProto>;
  readonly results: ReadonlyMap<string, string>;
}

export const buildGraph = (top: TopGraph, b: Builder, context: Context): Region =>
  new GraphBuilder(context).top(top, b);

class GraphBuilder {
  private readonly context: Context;
  /** The names promised, in order: those of a body that is built again are free again. */
  private readonly promises: string[] = [];
  /** Before IR version 4 an initializer is no default: it cannot be overridden. */
  private defaults = true;

  constructor(context: Context) {
    this.context = context;
  }

  private place(at: string): Place {
    return { file: this.context.file, at };
  }

  top({ graph, opsets, inputTypes, defaults, removed, results }: TopGraph, b: Builder): Region {
    this.defaults = defaults;
    const scope = new Scope(null);
    const initialized = new Set((graph.initializer ?? []).map((t) => t.name));
    for (const { name = '' } of graph.input ?? []) {
      if (initialized.has(name) && !defaults) continue;
      scope.set(name, b.input(name, inputTypes.get(name) as Type));
    }
    const overridable = new Set(defaults ? (graph.input ?? []).map((i) => i.name) : []);
    this.initializers(graph, b, scope, (name) => name, overridable);
    const frame: Frame = { opsets, given: null, loops: 0, rename: (name) => name };
    const nodes = (graph.node ?? []).filter((n) => !removed.has(n));
    this.nodes(nodes, b, scope, frame, this.declared(graph));
    return b.finish(
      (graph.output ?? []).map(({ name = '' }) => {
        const target = results.get(name) ?? name;
        const at = this.place(`output '${name}'`);
        return (
          scope.get(target, at) ?? fail('onnx/unknown-value', `the output '${name}' is not computed`, at)
        );
      }),
    );
  }

  private declared(graph: GraphProto): Map<string, Type> {
    const types = new Map<string, Type>();
    for (const v of [...(graph.value_info ?? []), ...(graph.output ?? [])]) {
      types.set(v.name ?? '', typeOf(v.type, this.place(`value '${v.name}'`)));
    }
    return types;
  }

  private initializers(
    graph: GraphProto,
    b: Builder,
    scope: Scope,
    rename: (name: string) => string,
    overridable: ReadonlySet<string | undefined> = new Set(),
  ): void {
    const { external } = this.context;
    const add = (name: string, data: TensorData | SparseData) => {
      const role = overridable.has(name) ? 'default' : 'constant';
      scope.set(name, b.parameter(rename(name), data, role));
    };
    for (const t of graph.initializer ?? []) {
      const name = t.name ?? '';
      add(name, new TensorData(t, this.place(`initializer '${name}'`), external));
    }
    for (const s of graph.sparse_initializer ?? []) {
      const name = s.values?.name ?? '';
      const at = this.place(`initializer '${name}'`);
      add(name, sparseData(s, at, external));
    }
  }

  private nodes(
    nodes: readonly NodeProto[],
    b: Builder,
    scope: Scope,
    frame: Frame,
    declared: ReadonlyMap<string, Type>,
  ): void {
    for (const node of nodes) {
      const callee = this.context.functions.get(
        functionKey(domainOf(node.domain), node.op_type ?? '', node.overload),
      );
      if (callee) this.call(node, callee, b, scope, frame);
      else this.node(node, b, scope, frame, declared);
    }
  }

  private attributes(node: NodeProto, at: Place, scope: Scope, frame: Frame): Map<string, Given> {
    const out = new Map<string, Given>();
    for (const a of node.attribute ?? []) {
      const name = a.name ?? '';
      if (!a.ref_attr_name) out.set(name, this.attribute(a, at, scope, frame));
      else {
        // What the call does not give, and has no default, is left out: the operator's own default holds.
        const given = frame.given?.get(a.ref_attr_name);
        if (given) out.set(name, given);
      }
    }
    return out;
  }

  private attribute(a: AttributeProto, at: Place, scope: Scope, frame: Frame): Given {
    const { g } = a;
    if (!g)
      return attributeOf(a, at, this.context.external, (graph) =>
        fail('onnx/attribute-type', `no graph ${graph.name}`, at),
      );
    return {
      kind: 'graph',
      declared: this.bodyInputs(g).map((v) => typeOf(v.type, this.place(`input '${v.name}'`))),
      make: (b, params, inLoop) =>
        this.body(g, b, scope, inLoop ? { ...frame, loops: frame.loops + 1 } : frame, params),
    };
  }

  private bodyInputs(graph: GraphProto): readonly ValueInfoProto[] {
    if (this.defaults) return graph.input ?? [];
    const initialized = new Set((graph.initializer ?? []).map((t) => t.name));
    return (graph.input ?? []).filter((v) => !initialized.has(v.name));
  }

  /** The body of an operator, whose inputs are of these types. */
  private body(
    graph: GraphProto,
    outer: Builder,
    scope: Scope,
    frame: Frame,
    types: readonly Type[],
  ): Region {
    const b = outer.inner();
    const inside = new Scope(scope);
    // In a function's body one name may stand for several values over its calls; inside of a region they must differ from those around.
    const rename = frame.given ? (name: string) => this.fresh(b, frame.rename(name)) : frame.rename;
    const inputs = this.bodyInputs(graph);
    inputs.forEach(({ name = '' }, i) => {
      inside.set(name, b.input(rename(name), types[i] ?? { kind: 'unknown' }));
    });
    this.initializers(graph, b, inside, rename, new Set(inputs.map((v) => v.name)));
    const declared = frame.given ? new Map<string, Type>() : this.declared(graph);
    if (frame.loops > 0) for (const [name, type] of declared) declared.set(name, widened(type));
    this.nodes(graph.node ?? [], b, inside, { ...frame, rename }, declared);
    return b.finish(
      (graph.output ?? []).map(({ name = '' }) => {
        const at = this.place(`output '${name}'`);
        return inside.get(name, at) ?? fail('onnx/unknown-value', `the output '${name}' is not computed`, at);
      }),
    );
  }

  /** The attributes of a node, its bodies typed by what it is given. */
  private withBodies(
    draft: Node,
    given: ReadonlyMap<string, Given>,
    b: Builder,
    frame: Frame,
  ): Map<string, Attribute> {
    const out = new Map<string, Attribute>();
    let bodies: ReadonlyMap<string, Body> | undefined;
    for (const [name, a] of given) {
      if (a.kind !== 'graph') {
        out.set(name, a);
        continue;
      }
      bodies ??= find(draft.op)?.bodies?.(draft) ?? new Map();
      const body = bodies.get(name) ?? { params: [] };
      const mark = this.promises.length;
      const make = (params: readonly Type[]) => {
        for (const promise of this.promises.splice(mark)) this.context.promised.delete(promise);
        return a.make(b, params, body.carried !== undefined);
      };
      const hasty = frame.loops >= patientLoops;
      out.set(name, { kind: 'region', region: typedBody(body, a.declared, make, hasty) });
    }
    return out;
  }

  private node(
    node: NodeProto,
    b: Builder,
    scope: Scope,
    frame: Frame,
    declared: ReadonlyMap<string, Type>,
  ): void {
    const { file, notes, extras } = this.context;
    const at = nodePlace(file, node);
    const domain = domainOf(node.domain);
    const name = node.op_type ?? '';
    const op =
      resolve(domain, name, frame.opsets.get(domain) ?? 0) ??
      fail('onnx/unsupported-operator', `operator ${name} is not supported yet`, at);
    const given = this.attributes(node, at, scope, frame);
    const inputs = (node.input ?? []).map((i) => (i === '' ? null : scope.get(i, at)));
    const outputs = node.output ?? [];
    const plain = new Map([...given].filter((e): e is [string, Attribute] => e[1].kind !== 'graph'));
    const draft: Node = { op, name: node.name ?? '', inputs, outputs: [], attributes: plain, from: [at] };
    const attributes = plain.size === given.size ? plain : this.withBodies(draft, given, b, frame);
    const values = b.call(op, inputs, {
      attributes,
      name: node.name ?? '',
      from: [at],
      outputs: outputs.map((o) => (o === '' ? null : frame.rename(o))),
      types: outputs.map((o) => declared.get(o)),
      mismatch: (message) => notes.add('warning', 'onnx/declared-type', message, at),
    });
    outputs.forEach((o, i) => {
      if (o !== '') scope.set(o, values[i] as Value);
    });
    const extra = frame.given ? undefined : extraOf(node, op);
    if (extra) extras.set(at, extra);
  }

  /** Puts the body of a function where it is called. */
  private call(node: NodeProto, callee: FunctionProto, b: Builder, scope: Scope, frame: Frame): void {
    const at = nodePlace(this.context.file, node);
    const opsets = callee.opset_import ? opsetsOf(callee.opset_import, at) : frame.opsets;
    const inside = new Scope(null);
    const given = new Map<string, Given>();
    const own: Frame = { ...frame, opsets, given: new Map() };
    for (const a of callee.attribute_proto ?? []) given.set(a.name ?? '', this.attribute(a, at, inside, own));
    for (const [name, value] of this.attributes(node, at, scope, frame)) given.set(name, value);
    for (const name of callee.attribute ?? []) {
      if (!given.has(name)) fail('onnx/function-attribute', `the call lacks the attribute '${name}'`, at);
    }
    const params = callee.input ?? [];
    const args = node.input ?? [];
    if (args.length > params.length) {
      fail('onnx/function-arity', `${args.length} inputs are given, the function takes ${params.length}`, at);
    }
    params.forEach((p, i) => {
      const arg = args[i] ?? '';
      inside.set(p, arg === '' ? null : scope.get(arg, at));
    });
    const results = callee.output ?? [];
    const outputs = node.output ?? [];
    if (outputs.length > results.length) {
      fail(
        'onnx/function-arity',
        `${outputs.length} outputs are asked for, the function has ${results.length}`,
        at,
      );
    }
    // The values that leave the body are called as the caller calls them.
    const leaving = new Map(
      outputs.flatMap((outer, i) =>
        outer === '' ? [] : [[results[i] as string, { outer, name: frame.rename(outer) }] as const],
      ),
    );
    const stem = node.name || node.op_type || '';
    const body: Frame = {
      opsets,
      given,
      loops: frame.loops,
      rename: (name) => leaving.get(name)?.name ?? this.fresh(b, `${stem}/${name}`),
    };
    this.nodes(callee.node ?? [], b, inside, body, new Map());
    for (const [inner, { outer, name }] of leaving) {
      const value = inside.get(inner, at);
      scope.set(outer, value && value.name !== name ? this.alias(value, name, b, frame, at) : value);
    }
  }

  /** A name for a value of a function's body: promised before it is defined, so that nobody else takes it. */
  private fresh(b: Builder, stem: string): string {
    const { promised } = this.context;
    let name = b.unique(stem);
    for (let i = 2; promised.has(name); i++) name = b.unique(`${stem}_${i}`);
    promised.add(name);
    this.promises.push(name);
    return name;
  }

  /** An output of a function that is one of its inputs, under the name that the caller gave it. */
  private alias(value: Value, name: string, b: Builder, frame: Frame, at: Place): Value {
    const identity = resolve('', 'Identity', frame.opsets.get(''));
    if (!identity) return value;
    return b.op(identity, [value], {}, { output: name, from: [at] });
  }
}

/** Refuses, in one error, every operator that is not known, by name and node. */
export const refuseUnknown = (
  file: string,
  nodes: readonly NodeProto[],
  opsets: ReadonlyMap<string, number>,
  functions: ReadonlyMap<string, FunctionProto>,
): void => {
  const unknown = new Map<string, { readonly place: Place; count: number }>();
  const visited = new Set<string>();
  const visit = (list: readonly NodeProto[], imports: ReadonlyMap<string, number>) => {
    for (const n of list) {
      const domain = domainOf(n.domain);
      const key = functionKey(domain, n.op_type ?? '', n.overload);
      const callee = functions.get(key);
      if (callee && !visited.has(key)) {
        visited.add(key);
        const at = { file, at: `function '${callee.name}'` };
        visit(callee.node ?? [], callee.opset_import ? opsetsOf(callee.opset_import, at) : imports);
      }
      for (const a of n.attribute ?? []) {
        if (a.g) visit(a.g.node ?? [], imports);
        for (const g of a.graphs ?? []) visit(g.node ?? [], imports);
      }
      const opset = imports.get(domain);
      if (callee || (opset !== undefined && resolve(domain, n.op_type ?? '', opset))) continue;
      const prefix = domain === '' ? '' : `${domain}.`;
      const name =
        opset === undefined
          ? `${prefix}${n.op_type} (the model does not import '${domain || 'ai.onnx'}')`
          : `${prefix}${n.op_type} (opset ${opset})`;
      const known = unknown.get(name);
      if (known) known.count++;
      else unknown.set(name, { place: nodePlace(file, n), count: 1 });
    }
  };
  visit(nodes, opsets);
  if (unknown.size === 0) return;
  const [first] = unknown.values();
  const list = [...unknown].map(
    ([name, { place, count }]) => `${name}, ${place.at}${count > 1 ? ` and ${count - 1} more` : ''}`,
  );
  throw new PortolanError({
    rule: 'onnx/unsupported-operator',
    message: `${unknown.size === 1 ? 'an operator is' : `${unknown.size} operators are`} not supported yet: ${list.join('; ')}`,
    ...(first && { at: first.place }),
    help: '`portolan formats` lists the operators that are',
  });
};

/** The functions of a model, by what calls them; those nobody calls are left out. */
export const functionsOf = (
  functions: readonly FunctionProto[] | undefined,
): ReadonlyMap<string, FunctionProto> =>
  new Map((functions ?? []).map((f) => [functionKey(domainOf(f.domain), f.name ?? '', f.overload), f]));
