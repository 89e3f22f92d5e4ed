/** ONNX files → Model. */
import { Builder } from '../../src/ir/builder.ts';
import type { Reader, ReadRequest, ReadResult, Source } from '../../src/ir/converter.ts';
import { Diagnostics, type Place } from '../../src/ir/diagnostic.ts';
import type { Dim, Model, Region, Type } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import type { Bytes } from './bytes.ts';
import { checkModel } from './check.ts';
import { decode } from './decode.ts';
import { externalFiles } from './external.ts';
import { carriedFields, defaultFields, fieldsKey } from './fields.ts';
import { buildGraph, type Context, functionsOf, refuseUnknown } from './graph.ts';
import { opsetsOf } from './imports.ts';
import { callsOf, graphOrigin, type Origin, withOrigin } from './origin.ts';
import type { ModelProto } from './schema.ts';
import { typeOf } from './types.ts';
import { labelsOf, noZipMaps, takeOffZipMaps } from './zipmap.ts';

export const format = 'ONNX';

/** Before IR version 3 a model imports nothing: opset 1 is meant. */
const opsetsOfModel = (model: ModelProto, at: Place): ReadonlyMap<string, number> =>
  Number(model.ir_version) < 3 ? new Map([['', 1]]) : opsetsOf(model.opset_import, at);

/** The imports of the model, and of domains that a function alone imports: its nodes stand in the graph. */
const withThoseOf = (
  functions: ModelProto['functions'],
  own: ReadonlyMap<string, number>,
  at: Place,
): ReadonlyMap<string, number> => {
  const all = new Map(own);
  for (const f of functions ?? []) {
    for (const [domain, version] of opsetsOf(f.opset_import, at)) {
      if (!all.has(domain)) all.set(domain, version);
    }
  }
  return all;
};

const versionOf = (opsets: ReadonlyMap<string, number>): string =>
  [...opsets]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([domain, version]) => (domain === '' ? `opset ${version}` : `${domain} ${version}`))
    .join(', ');

/** A symbol that no dimension of the graph is called by. */
const freshSymbol = (types: Iterable<Type>): string => {
  const taken = new Set<Dim>();
  for (const t of types) if (t.kind === 'tensor') for (const d of t.dims ?? []) taken.add(d);
  let symbol = 'N';
  for (let i = 1; taken.has(symbol); i++) symbol = `N${i}`;
  return symbol;
};

/**
 * Rows: the symbol that the inputs share on axis 0 or, where all of them leave that extent unknown, a new one put there.
 * Inputs of fixed extent take no part.
 */
const findRows = (
  inputs: ReadonlyMap<string, Type>,
): { rows: string | null; types: ReadonlyMap<string, Type> } => {
  const firsts: Dim[] = [];
  for (const t of inputs.values()) {
    const dim = t.kind === 'tensor' ? t.dims?.[0] : undefined;
    if (dim !== undefined && typeof dim !== 'number') firsts.push(dim);
  }
  const [first] = firsts;
  if (first === undefined || firsts.some((d) => d !== first)) return { rows: null, types: inputs };
  if (first !== null) return { rows: first as string, types: inputs };
  const rows = freshSymbol(inputs.values());
  const types = new Map<string, Type>();
  for (const [name, t] of inputs) {
    const open = t.kind === 'tensor' && t.dims?.[0] === null;
    types.set(name, open ? { ...t, dims: [rows, ...(t.dims as readonly Dim[]).slice(1)] } : t);
  }
  return { rows, types };
};

const unknownFields = (message: object, found: Map<string, number>, name: string): void => {
  const { unknown } = message as { unknown?: Bytes[] };
  if (unknown) found.set(name, (found.get(name) ?? 0) + unknown.length);
};

/** Says which parts of the file the schema does not know; they are kept. */
const reportUnknown = (model: ModelProto, notes: Diagnostics, at: Place): void => {
  const found = new Map<string, number>();
  unknownFields(model, found, 'the model');
  unknownFields(model.graph ?? {}, found, 'the graph');
  for (const n of model.graph?.node ?? []) unknownFields(n, found, 'nodes');
  for (const t of model.graph?.initializer ?? []) unknownFields(t, found, 'tensors');
  for (const [what, count] of found) {
    notes.add(
      'note',
      'onnx/unknown-field',
      `${count} fields of ${what} are newer than IR version 14, and kept as they are`,
      at,
    );
  }
};

const metadataOf = (model: ModelProto): ReadonlyMap<string, string> => {
  const metadata = new Map<string, string>();
  const producer = [model.producer_name, model.producer_version].filter(Boolean).join(' ');
  if (producer) metadata.set('producer', producer);
  if (model.domain) metadata.set('domain', model.domain);
  if (model.model_version) metadata.set('model version', String(model.model_version));
  if (model.doc_string) metadata.set('description', model.doc_string);
  for (const { key = '', value = '' } of model.metadata_props ?? []) {
    if (!key.startsWith('portolan.')) metadata.set(key, value);
  }
  return metadata;
};

const read = (source: Source, { asWritten = false }: ReadRequest = {}): ReadResult => {
  const file = source.name;
  const at: Place = { file, at: '' };
  const notes = new Diagnostics();
  const proto = decode(source, 'ModelProto');
  const external = externalFiles(source);
  checkModel(proto, file, external, {}, (w) => notes.add(w.severity, w.rule, w.message, w.at));
  const graph = proto.graph ?? {};
  const opsets = withThoseOf(proto.functions, opsetsOfModel(proto, at), at);
  const functions = functionsOf(proto.functions);
  const zipMaps = asWritten ? noZipMaps : takeOffZipMaps(graph);
  const kept = (graph.node ?? []).filter((n) => !zipMaps.removed.has(n));
  refuseUnknown(file, kept, opsets, functions);

  const initialized = new Set((graph.initializer ?? []).map((t) => t.name));
  const given = (graph.input ?? []).filter((i) => !initialized.has(i.name));
  const declared = (list: typeof given) =>
    new Map(list.map((v) => [v.name ?? '', typeOf(v.type, { file, at: `input '${v.name}'` })]));
  const { rows, types } = findRows(declared(given));
  const context: Context = { file, external, functions, notes, extras: new Map(), promised: new Set() };
  const top = {
    graph,
    opsets,
    inputTypes: new Map([...declared(graph.input ?? []), ...types]),
    defaults: Number(proto.ir_version) >= 4,
    removed: zipMaps.removed,
    results: zipMaps.results,
  };
  const region = buildGraph(top, new Builder(operators), context);
  const labels = labelsOf(region, graph, zipMaps, file);
  const asked = new Set(given.map((i) => i.name));
  const inputs = region.params.filter((p) => asked.has(p.name));
  const stored = proto.metadata_props?.find((p) => p.key === fieldsKey)?.value;
  const fields =
    (stored === undefined ? undefined : carriedFields(stored, inputs, region.results, notes, at)) ??
    defaultFields(inputs, region.results, labels);
  reportUnknown(proto, notes, at);

  const model: Model = {
    format,
    version: versionOf(opsets),
    name: graph.name ?? '',
    graph: region,
    rows,
    fields,
    templates: [],
    opsets,
    profile: 'ONNX',
    metadata: metadataOf(proto),
    extra: withOrigin(originOfFile(proto, context, zipMaps.removed.size === 0 ? region : null)),
  };
  return { model, diagnostics: notes.list };
};

const originOfFile = (proto: ModelProto, context: Context, region: Region | null): Origin => {
  const { graph = {}, functions: _, opset_import: __, ...model } = proto;
  const calls = region === null ? undefined : callsOf(proto, region);
  return { model, ...graphOrigin(graph), nodes: context.extras, ...(calls && { calls }) };
};

/**
 * The first bytes of an ONNX model: one of ModelProto's fields, with its wire type. Text formats and zips begin with other
 * bytes, but some other protobuf may begin like this; then reading says what is wrong.
 */
const detect = (head: Uint8Array, name: string): boolean => {
  const [tag = 0, next = 0] = head;
  // ir_version stands first in what every known writer writes: field 1, a varint from 1 to 127.
  if (tag === 0x08) return next >= 1 && next < 0x80;
  const strings = [0x12, 0x1a, 0x22, 0x32, 0x3a, 0x42];
  return name.toLowerCase().endsWith('.onnx') && (strings.includes(tag) || tag === 0x28);
};

export const reader: Reader = { format, title: 'ONNX, IR 1 to 14', detect, read };
