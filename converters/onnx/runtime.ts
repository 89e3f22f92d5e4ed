/** Runs ONNX files in onnxruntime-node, on one thread: more threads sum in another order from run to run. */
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { openSource } from '../../src/files/source.ts';
import type { Runtime, Scorer } from '../../src/ir/converter.ts';
import { fail } from '../../src/ir/diagnostic.ts';
import { tensorAtEdge } from '../../src/rows/edge.ts';
import { type Column, type DType, isBig } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { gather } from './bytes.ts';
import { type CheckedModel, checkModel } from './check.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { externalFiles } from './external.ts';
import { reader } from './reader.ts';
import type { GraphProto, ModelProto } from './schema.ts';
import { pack, unpack } from './storage.ts';
import { type External, TensorData, tensorProto } from './tensors.ts';
import { checkFeatures } from './trees.ts';
import { takeOffZipMaps } from './zipmap.ts';

type Ort = typeof import('onnxruntime-node');

const load = async (): Promise<Ort | undefined> => {
  try {
    const module: Ort & { default?: Ort } = await import('onnxruntime-node');
    return module.default ?? module;
  } catch {
    return undefined;
  }
};

/** Element types that onnxruntime-node takes and gives; the others have no array there. */
const taken: ReadonlySet<string> = new Set<DType>([
  'float64',
  'float32',
  'float16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint64',
  'uint32',
  'uint16',
  'uint8',
  'bool',
  'string',
]);

const toOrt = (ort: Ort, t: Tensor, name: string): OrtTensor => {
  if (!taken.has(t.dtype))
    fail('onnx/runtime-type', `onnxruntime-node takes no tensors of ${t.dtype} ('${name}')`);
  const { data } = tensorAtEdge(name, t);
  if (t.dtype === 'float16') {
    const bytes = pack('float16', data as Float32Array);
    return new ort.Tensor('float16', new Uint16Array(bytes.buffer), t.dims);
  }
  return new ort.Tensor(t.dtype as 'float32', data as Float32Array, t.dims);
};

const fromOrt = (t: OrtTensor, name: string): Tensor => {
  if (!taken.has(t.type))
    fail('onnx/runtime-type', `output '${name}' is ${t.type}, which is not understood here`);
  const dtype = t.type as DType;
  const data = t.data as Column;
  if (dtype === 'float16') {
    const { buffer, byteOffset, byteLength } = data as Exclude<Column, string[]>;
    return tensor(dtype, t.dims, unpack(dtype, new Uint8Array(buffer, byteOffset, byteLength), data.length));
  }
  if (dtype === 'string') return tensor(dtype, t.dims, [...(data as string[])]);
  // Its arrays are copied: some builds reuse their memory.
  return tensor(
    dtype,
    t.dims,
    isBig(dtype) ? (data as BigInt64Array).slice() : (data as Float64Array).slice(),
  );
};

/** The model with further outputs, without ZipMaps (their maps cannot be returned), and in one piece. */
const variant = (proto: CheckedModel, watch: readonly string[], external: External): Uint8Array => {
  const graph = proto.graph ?? {};
  const { removed, results } = takeOffZipMaps(graph);
  const inOnePiece: NonNullable<GraphProto['initializer']> = (graph.initializer ?? []).map((t) =>
    t.data_location === 1
      ? tensorProto(new TensorData(t, { file: '', at: t.name ?? '' }, external), t.name)
      : t,
  );
  const declared = new Map((graph.value_info ?? []).map((v) => [v.name, v]));
  const there = new Set((graph.output ?? []).map((o) => o.name));
  const output = [
    ...(graph.output ?? []).map((o) => {
      const name = results.get(o.name ?? '');
      return name === undefined ? o : (declared.get(name) ?? { name });
    }),
    ...watch.filter((w) => !there.has(w)).map((name) => declared.get(name) ?? { name }),
  ];
  const node = (graph.node ?? []).filter((n) => !removed.has(n));
  return gather(
    encode('ModelProto', { ...proto, graph: { ...graph, node, initializer: inOnePiece, output } }),
  );
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Values that the graph computes on its top level: the only ones it can be asked for. */
const computed = (graph: GraphProto): Set<string> =>
  new Set((graph.node ?? []).flatMap((n) => n.output ?? []));

class Session implements Scorer {
  readonly runtime: string;
  readonly fields: Scorer['fields'];
  private readonly ort: Ort;
  private readonly file: string;
  private readonly proto: CheckedModel;
  private readonly external: External;
  private readonly values: ReadonlySet<string>;
  private readonly plain: InferenceSession;
  /** The last session with further outputs, by their names. */
  private watching: { readonly key: string; readonly session: InferenceSession } | undefined;

  constructor(
    ort: Ort,
    file: string,
    proto: CheckedModel,
    external: External,
    fields: Scorer['fields'],
    plain: InferenceSession,
  ) {
    this.ort = ort;
    this.file = file;
    this.proto = proto;
    this.external = external;
    this.fields = fields;
    this.plain = plain;
    this.values = computed(proto.graph ?? {});
    this.runtime = `onnxruntime ${ort.env.versions.node ?? ort.env.versions.common}`;
  }

  async run(
    inputs: ReadonlyMap<string, Tensor>,
    watch: readonly string[] = [],
  ): Promise<ReadonlyMap<string, Tensor>> {
    const session = await this.session(watch.filter((w) => this.values.has(w)));
    const feeds: Record<string, OrtTensor> = Object.create(null);
    for (const name of session.inputNames) {
      const t = inputs.get(name);
      if (t) feeds[name] = toOrt(this.ort, t, name);
    }
    const results = new Map<string, Tensor>();
    try {
      const out = await session.run(feeds);
      for (const name of session.outputNames) results.set(name, fromOrt(out[name] as OrtTensor, name));
    } catch (error) {
      if (error instanceof Error && 'diagnostic' in error) throw error;
      fail('onnx/runtime', `onnxruntime failed: ${messageOf(error)}`, { file: this.file, at: '' });
    }
    return results;
  }

  private async session(watch: readonly string[]): Promise<InferenceSession> {
    if (watch.length === 0) return this.plain;
    const key = watch.join('\0');
    if (this.watching?.key !== key) {
      await this.watching?.session.release();
      this.watching = undefined;
      const session = await create(this.ort, this.file, this.proto, this.external, watch);
      this.watching = { key, session };
    }
    return this.watching.session;
  }

  async close(): Promise<void> {
    await this.watching?.session.release();
    await this.plain.release();
  }
}

/** The one way to a session: only for a model that the check has passed. It runs from its file unless it is to be varied. */
const create = async (
  ort: Ort,
  file: string,
  proto: CheckedModel,
  external: External,
  watch: readonly string[] = [],
): Promise<InferenceSession> => {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  };
  try {
    const varied = watch.length > 0 || takeOffZipMaps(proto.graph ?? {}).removed.size > 0;
    return varied
      ? await ort.InferenceSession.create(variant(proto, watch, external), options)
      : await ort.InferenceSession.create(file, options);
  } catch (error) {
    return fail('onnx/runtime', `onnxruntime does not load this model: ${messageOf(error)}`, {
      file,
      at: '',
    });
  }
};

const open = async (file: string): Promise<Scorer> => {
  const ort = await load();
  if (!ort)
    return fail('onnx/no-runtime', 'onnxruntime-node is not installed', { file, at: '' }, installHint);
  const source = openSource(file);
  const proto: ModelProto = decode(source, 'ModelProto');
  const external = externalFiles(source);
  checkModel(proto, file, external, { exact: true });
  const own = reader.read(source).model;
  checkFeatures(own);
  const session = await create(ort, file, proto, external);
  return new Session(ort, file, proto, external, own.fields, session);
};

const installHint = 'npm install onnxruntime-node';

export const runtime: Runtime = {
  format: 'onnx',
  unavailable: async () => ((await load()) ? undefined : installHint),
  open,
};
