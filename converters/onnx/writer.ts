/** Model → ONNX files. */
import { createHash } from 'node:crypto';
import type { Artifact, ArtifactFile, WriteOptions, Writer } from '../../src/ir/converter.ts';
import { fail } from '../../src/ir/diagnostic.ts';
import {
  type Field,
  type Model,
  type Node,
  OWN,
  opName,
  type Region,
  sameOp,
  type Type,
  type Value,
} from '../../src/ir/model.ts';
import { fits } from '../../src/ir/shape.ts';
import { resolve } from '../../src/ops/registry.ts';
import { dead } from '../../src/passes/dead.ts';
import {
  express,
  isExpressed,
  obstacles as obstaclesAt,
  retarget,
  retargetObstacles,
} from '../../src/passes/express.ts';
import { fold } from '../../src/passes/fold.ts';
import { narrow } from '../../src/passes/narrow.ts';
import { plain } from '../../src/passes/plain.ts';
import { tabulate } from '../../src/passes/tabulate.ts';
import { guardTextNumbers, oldestAsking } from '../../src/passes/textNumbers.ts';
import { toolVersion } from '../../src/version.ts';
import { attributeProto } from './attributes.ts';
import type { Bytes } from './bytes.ts';
import { encode, header } from './encode.ts';
import { dataSuffix, locationFor, splitOff } from './externalWriter.ts';
import { fieldsKey, hashKey, sourceKey, storeFields } from './fields.ts';
import { Names } from './names.ts';
import { type Calls, type GraphOrigin, type Origin, originOf } from './origin.ts';
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  StringStringEntryProto,
  ValueInfoProto,
} from './schema.ts';
import { SparseData, tensorProto } from './tensors.ts';
import { typeOf, typeProto } from './types.ts';
import {
  defaultOpset,
  irAt,
  newestOf,
  newestWritten,
  oldestExpressed,
  oldestWritten,
  opsetsAt,
} from './versions.ts';

/** protobuf ends a message here, and runtimes refuse what is longer. */
const largestFile = 2 ** 31 - 1;

/** The opsets written for; the model's own where the opset asked for is its own. */
const targetOpsets = (model: Model, options: WriteOptions): ReadonlyMap<string, number> => {
  const opset = options.opset ?? defaultOpset;
  const { domains = new Map<string, number>() } = options;
  const own = isOnnx(model) && model.opsets.get('') === opset ? model.opsets : undefined;
  if (own && [...domains].every(([domain, version]) => own.get(domain) === version)) return own;
  const oldest = isOnnx(model) ? oldestWritten : oldestExpressed;
  if (!(Number.isInteger(opset) && opset >= oldest && opset <= newestWritten)) {
    fail(
      'onnx/opset',
      `opset ${opset} cannot be written`,
      undefined,
      `give one from ${oldest} to ${newestWritten} with --opset`,
    );
  }
  for (const [domain, version] of domains) {
    const newest = newestOf.get(domain) ?? 0;
    if (!(version >= 1 && version <= newest)) {
      fail(
        'onnx/opset',
        `${domain} ${version} cannot be written`,
        undefined,
        newest ? `give one from 1 to ${newest}` : `the domains are ${[...newestOf.keys()].join(', ')}`,
      );
    }
  }
  return new Map([...(own ?? opsetsAt(opset)), ...domains]);
};

const isOnnx = (model: Model): boolean => originOf(model) !== undefined;

/** Plain operators of the target, whatever the model was said in; of what was read in ONNX only what must change does. */
const expressed = (whole: Model, opsets: ReadonlyMap<string, number>): Model => {
  if (opsets === whole.opsets) return whole;
  // What nothing reads may be of a type that the target does not have.
  const model = dead(whole);
  if (isExpressed(model, opsets)) return { ...model, opsets };
  if (isOnnx(model)) return retargeted(model, opsets);
  const ready = simplified(model);
  const asked = (opsets.get('') ?? 0) >= oldestAsking ? guardTextNumbers(ready) : ready;
  const said = fold(express(asked, opsets));
  // Folding may leave an Identity of the newest version where a result needs its name.
  return { ...(isExpressed(said, opsets) ? said : express(said, opsets)), opsets };
};

/** Where an attribute has to be a constant, and what stands there is computed from constants, that is done before. */
const retargeted = (model: Model, opsets: ReadonlyMap<string, number>): Model =>
  retarget(retargetObstacles(model, opsets).length > 0 ? fold(model) : model, opsets);

/** Without missing values, what can be computed beforehand computed. */
const simplified = (model: Model): Model => tabulate(fold(plain(model, { edge: 'nan' })));

const write = (model: Model, options: WriteOptions): Artifact => {
  const opsets = targetOpsets(model, options);
  const wide = expressed(model, opsets);
  const { model: prepared, diagnostics } =
    options.precision === 'float32' ? narrow(wide) : { model: wide, diagnostics: [] };
  const mayMiss = new Set(
    model.fields
      .filter(({ value: { type } }) => type.kind === 'tensor' && type.absent === 'missing')
      .map((f) => `${f.role} ${f.name}`),
  );
  const proto = new GraphWriter(prepared, opsets, opsets === model.opsets, mayMiss).model(options);
  const whole = artifactFile(proto);
  const files = whole.length <= largestFile ? [whole.file] : inParts(proto);
  const floats = new Set(
    [...prepared.graph.params, ...prepared.graph.results].flatMap(({ type }) =>
      type.kind === 'tensor' && type.dtype.startsWith('float') ? [type.dtype] : [],
    ),
  );
  const versions = [...usedOpsets(prepared.graph, opsets)].map(([d, v]) =>
    d === '' ? `opset ${v}` : `${d} ${v}`,
  );
  return {
    format: 'onnx',
    summary: `ONNX ${versions.join(', ')}${floats.size > 0 ? ` · ${[...floats].sort().join(', ')}` : ''}`,
    files,
    diagnostics,
  };
};

/** The structure in one file, the elements of its tensors in another: protobuf has no room for them. */
const inParts = (proto: ModelProto): ArtifactFile[] => {
  const { graph, data } = splitOff(proto.graph ?? {});
  const main = (location: string) => artifactFile({ ...proto, graph: graph(location) });
  const { length } = main('');
  if (length > largestFile) {
    fail(
      'onnx/too-large',
      `without its large tensors the model takes ${length} bytes, and ONNX files end at 2 GiB`,
      undefined,
      'write it with --precision float32',
    );
  }
  return [
    { suffix: '', chunks: (name = 'model.onnx') => main(locationFor(name)).file.chunks(name) },
    { suffix: dataSuffix, chunks: () => data.chunks() },
  ];
};

/** Streams the file; the digest of the graph stands behind it, in the metadata. */
const artifactFile = (proto: ModelProto): { file: ArtifactFile; length: number } => {
  const {
    graph = {},
    opset_import,
    metadata_props,
    training_info,
    functions,
    configuration,
    unknown,
    ...head
  } = proto;
  const body = encode('GraphProto', graph);
  const before = encode('ModelProto', head);
  const between = header('ModelProto', 'graph', body.length);
  const after = (hash: string): Bytes =>
    encode('ModelProto', {
      opset_import,
      metadata_props: [...(metadata_props ?? []), { key: hashKey, value: hash }],
      training_info,
      functions,
      configuration,
      ...(unknown && { unknown }),
    });
  function* chunks(): Iterable<Uint8Array> {
    yield* before.chunks();
    yield between;
    const hash = createHash('sha256');
    for (const chunk of body.chunks()) {
      hash.update(chunk);
      yield chunk;
    }
    yield* after(hash.digest('hex')).chunks();
  }
  const length = before.length + between.length + body.length + after('0'.repeat(64)).length;
  return { file: { suffix: '', chunks }, length };
};

/** The imports of what is used, the default domain always. */
const usedOpsets = (graph: Region, opsets: ReadonlyMap<string, number>): Map<string, number> => {
  const used = new Set<string>(['']);
  const visit = (r: Region) => {
    for (const n of r.nodes) {
      used.add(n.op.domain);
      for (const a of n.attributes.values()) if (a.kind === 'region') visit(a.region);
    }
  };
  visit(graph);
  return new Map([...opsets].filter(([domain]) => used.has(domain)));
};

class GraphWriter {
  private readonly source: Model;
  private readonly opsets: ReadonlyMap<string, number>;
  private readonly origin: Origin | undefined;
  /** Written to the opsets it was read with. */
  private readonly own: boolean;
  /** The tensor that a field of the output is found in. */
  private readonly tensorOf = new Map<Field, string>();
  /** Fields in which NaN or the empty string stands for missing: role and name. */
  private readonly mayMiss: ReadonlySet<string>;
  private readonly names = Names.forGraph();
  private readonly written = new Set<unknown>();

  constructor(model: Model, opsets: ReadonlyMap<string, number>, own: boolean, mayMiss: ReadonlySet<string>) {
    this.own = own;
    this.mayMiss = mayMiss;
    this.source = model;
    this.opsets = opsets;
    this.origin = originOf(model);
  }

  /** Calls of local functions stay calls where the graph is still the one that was read, under the names it had. */
  private get calls(): Calls | undefined {
    const { calls } = this.origin ?? {};
    const { graph, fields } = this.source;
    const named = (v: Value, role: Field['role']): boolean => {
      const whole = fields.filter((f) => f.value === v && f.role === role && f.column === undefined);
      return whole.every((f) => f.name === v.name);
    };
    return this.own &&
      calls?.region === graph &&
      graph.params.every((v) => named(v, 'input')) &&
      graph.results.every((v) => named(v, 'output')) &&
      new Set(graph.results).size === graph.results.length
      ? calls
      : undefined;
  }

  model(options: WriteOptions): ModelProto {
    const { origin, opsets, own, calls } = this;
    const { graph } = this.source;
    const proto: ModelProto = {
      ...origin?.model,
      ...(!own && { ir_version: irAt(opsets.get('') as number) }),
      ...(own && { ir_version: Math.max(4, Number(origin?.model.ir_version)) }),
      ...(!origin && { producer_name: 'portolan', producer_version: toolVersion }),
    };
    return {
      ...proto,
      graph: this.top(graph),
      opset_import:
        calls?.imports ??
        [...(own ? opsets : usedOpsets(graph, opsets))].map(([domain, version]) => ({ domain, version })),
      ...(calls && { functions: calls.functions }),
      metadata_props: this.metadata(options),
    };
  }

  /** What stands in the file beside the graph: what was read, and the interface in full. */
  private metadata(options: WriteOptions): StringStringEntryProto[] {
    const { fields, format, version, metadata } = this.source;
    const entries = this.origin
      ? (this.origin.model.metadata_props ?? []).filter((p) => p.key !== fieldsKey && p.key !== hashKey)
      : [...metadata].map(([key, value]) => ({ key, value }));
    const renamed = fields.map((f) => {
      const name = this.tensorOf.get(f) ?? this.names.of(f.value);
      return { ...f, value: { ...f.value, name } };
    });
    const absent = new Set(
      renamed.filter((f) => this.mayMiss.has(`${f.role} ${f.name}`)).map((f) => f.value),
    );
    const out = [...entries];
    // Where an artifact of ours is written again, the first source stays the source.
    if (!entries.some((p) => p.key === sourceKey)) {
      const { sourceDigest } = options;
      out.push({
        key: sourceKey,
        value: JSON.stringify({
          format,
          version,
          ...(sourceDigest !== undefined && { sha256: sourceDigest }),
        }),
      });
    }
    return [...out, { key: fieldsKey, value: storeFields(renamed, absent) }];
  }

  private top(graph: Region): GraphProto {
    const { origin, names } = this;
    const outputs = this.interface(graph);
    names.add(graph);
    const nodes = [...(this.calls?.nodes ?? this.nodes(graph.nodes))];
    for (const { name, value } of outputs) {
      if (names.of(value) !== name) {
        nodes.push({ input: [names.of(value)], output: [name], op_type: 'Identity' });
      }
    }
    const stated = [...new Set(outputs.map((o) => o.value))];
    return {
      ...(origin?.graph ?? { name: this.source.name || 'model' }),
      node: nodes,
      ...this.tensors(graph),
      input: graph.params.map((v) => this.valueInfo(v, names.of(v))),
      output: outputs.map(({ name, value }) => this.valueInfo(value, name)),
      ...this.inner(graph, new Set([...graph.params, ...stated])),
    };
  }

  /** Names inputs and outputs as their fields are called; an output that needs two names gets an Identity. */
  private interface(graph: Region): { name: string; value: Value }[] {
    const { names } = this;
    const fieldsOf = (value: Value, role: Field['role']) =>
      this.source.fields.filter((f) => f.value === value && f.role === role);
    for (const v of graph.params) {
      const name = fieldsOf(v, 'input').find((f) => f.column === undefined)?.name ?? v.name;
      names.claim(v, names.isTaken(name) ? names.unique(v.name) : name);
    }
    const fixed = new Set<Value>([...graph.params, ...graph.parameters.map((p) => p.value)]);
    const outputs: { name: string; value: Value }[] = [];
    for (const value of new Set(graph.results)) {
      const fields = fieldsOf(value, 'output');
      const whole = fields.filter((f) => f.column === undefined);
      for (const field of whole.length > 0 ? whole : [undefined]) {
        const name = names.unique(field?.name ?? value.name);
        if (fixed.has(value)) names.claim({ name, type: value.type }, name);
        else names.claim(value, name);
        fixed.add(value);
        outputs.push({ name, value });
        for (const f of field ? [field] : fields) this.tensorOf.set(f, name);
      }
    }
    return outputs;
  }

  private tensors(graph: Region): Pick<GraphProto, 'initializer' | 'sparse_initializer'> {
    const dense = graph.parameters.filter((p) => !(p.data instanceof SparseData));
    const sparse = graph.parameters.filter((p) => p.data instanceof SparseData);
    return {
      ...(dense.length > 0 && { initializer: dense.map((p) => tensorProto(p.data, this.names.of(p.value))) }),
      ...(sparse.length > 0 && {
        sparse_initializer: sparse.map((p) => {
          const { proto } = p.data as SparseData;
          return { ...proto, values: { ...proto.values, name: this.names.of(p.value) } };
        }),
      }),
    };
  }

  /** As it was declared where that still holds: it may say more (denotations, documentation). */
  private valueInfo(
    value: Value,
    name: string,
    origin: GraphOrigin | undefined = this.origin,
  ): ValueInfoProto {
    const read = origin?.values.get(value.name);
    // The values of a body need no types.
    if (read && !read.type && origin !== this.origin) return { ...read, name };
    if (read && this.declares(read, value.type)) return { ...read, name };
    const type = typeProto(value.type);
    return { name, ...(type && { type }) };
  }

  private declares(read: ValueInfoProto, type: Type): boolean {
    const said = typeOf(read.type, { file: '', at: '' });
    if (said.kind !== 'tensor' || type.kind !== 'tensor') return said.kind === type.kind && fits(type, said);
    // An extent that was fixed and is a symbol by now is not declared as fixed.
    return (
      fits(type, said) &&
      (said.dims ?? []).every((d, i) => typeof d !== 'number' || typeof type.dims?.[i] !== 'string')
    );
  }

  private inner(
    graph: Region,
    outside: ReadonlySet<Value>,
    origin: GraphOrigin | undefined = this.origin,
  ): Pick<GraphProto, 'value_info'> {
    if (!origin) return {};
    const values = new Map<string, Value>();
    for (const n of graph.nodes) for (const v of n.outputs) if (v) values.set(v.name, v);
    for (const p of graph.parameters) values.set(p.value.name, p.value);
    const list = origin.inner.flatMap((name) => {
      const value = values.get(name);
      const read = origin.values.get(name);
      return value && read && !outside.has(value) && this.declares(read, value.type)
        ? [{ ...read, name: this.names.of(value) }]
        : [];
    });
    return list.length > 0 ? { value_info: list } : {};
  }

  private nodes(nodes: readonly Node[]): NodeProto[] {
    return nodes.map((n) => this.node(n));
  }

  private node(n: Node): NodeProto {
    const { op } = n;
    const opset = this.opsets.get(op.domain);
    if (op.domain === OWN || opset === undefined || resolve(op.domain, op.name, opset)?.since !== op.since) {
      fail(
        'onnx/no-equivalent',
        `${opName(op)} version ${op.since} is no operator of the target's opset ${opset ?? ''}`,
        n.from[0],
      );
    }
    const place = n.from[0];
    const kept = place && this.origin?.nodes.get(place);
    // A node that became several has its remarks once.
    const extra = kept && sameOp(kept.op, op) && !this.written.has(kept) ? kept : undefined;
    if (extra) this.written.add(extra);
    const attributes: AttributeProto[] = [];
    for (const [name, a] of n.attributes) {
      const { body, ...remarks } = extra?.attributes.get(name) ?? {};
      const proto =
        attributeProto(name, a, (r) => this.body(r, body)) ??
        fail('onnx/no-equivalent', `ONNX has no attribute like ${name} of ${opName(op)}`, place);
      attributes.push({ ...proto, ...remarks });
    }
    const { op: _, attributes: __, ...remarks } = extra ?? { op, attributes: null };
    return {
      ...(n.inputs.length > 0 && { input: n.inputs.map((v) => this.names.of(v)) }),
      ...(n.outputs.length > 0 && { output: n.outputs.map((v) => this.names.of(v)) }),
      ...(n.name !== '' && { name: n.name }),
      op_type: op.name,
      ...(attributes.length > 0 && { attribute: attributes }),
      ...(op.domain !== '' && { domain: op.domain }),
      ...remarks,
    };
  }

  private body(region: Region, origin: GraphOrigin | undefined): GraphProto {
    const { names } = this;
    const read = origin ?? { graph: { name: 'body' }, values: new Map(), inner: [] };
    const nodes = this.nodes(region.nodes);
    const outside = new Set(region.captures);
    const seen = new Set<Value>();
    const output = region.results.map((v) => {
      // What lies outside cannot be a result of a body, nor one value two.
      const direct = !outside.has(v) && !seen.has(v);
      seen.add(v);
      if (direct) return this.valueInfo(v, names.of(v), read);
      const alias: Value = { name: names.unique(v.name), type: v.type };
      names.claim(alias, alias.name);
      nodes.push({ input: [names.of(v)], output: [alias.name], op_type: 'Identity' });
      return this.valueInfo(alias, alias.name, read);
    });
    return {
      ...read.graph,
      node: nodes,
      ...this.tensors(region),
      input: region.params.map((v) => this.valueInfo(v, names.of(v), read)),
      output,
      ...this.inner(region, new Set([...region.params, ...region.results]), read),
    };
  }
}

const obstacles: Writer['obstacles'] = (model, options) => {
  const opsets = targetOpsets(model, options);
  if (isExpressed(model, opsets)) return [];
  if (isOnnx(model)) return retargetObstacles(fold(model), opsets);
  return obstaclesAt(simplified(model), opsets);
};

export const writer: Writer = {
  format: 'onnx',
  title: `ONNX, opset ${oldestWritten} to ${newestWritten}`,
  endings: ['.onnx'],
  obstacles,
  write,
};
