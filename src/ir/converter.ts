/** What a format or a target must provide: the contract between `src/formats.ts` and a folder of `converters/`. */
import type { Datum } from '../tensor/datum.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Diagnostic, Refusal } from './diagnostic.ts';
import type { Field, Model } from './model.ts';

/** A file that is read in windows; nothing is loaded before it is asked for. */
export interface Source {
  /** As the user wrote it: what errors name. */
  readonly name: string;
  /** Where files beside it are found (external data); undefined for a source in memory. */
  readonly path?: string;
  readonly size: number;
  /**
   * Bytes `from` (inclusive) to `to` (exclusive), cut at the end of the file. They may be put into `room`, where the caller gives
   * some that is large enough, and are then good until it is given again.
   */
  read(from: number, to: number, room?: Uint8Array): Uint8Array;
}

export interface ReadResult {
  readonly model: Model;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ReadRequest {
  /** The interface as the file declares it: nothing is taken off that stands in the way of plain columns (ZipMap). */
  readonly asWritten?: boolean;
}

export interface Reader {
  readonly format: string;
  /** Title for a person: `PMML 3.0 – 4.4.1`. */
  readonly title: string;
  /** Is it this format? By its first bytes (up to 4096) alone; the file name only breaks ties. */
  detect(head: Uint8Array, name: string): boolean;
  /** Throws a located PortolanError where the source is broken, hostile or not supported. */
  read(source: Source, request?: ReadRequest): ReadResult;
}

export interface WriteOptions {
  readonly opset?: number;
  /** Versions of further domains, where they are not those that belong to the opset. */
  readonly domains?: ReadonlyMap<string, number>;
  readonly precision?: 'float32' | 'float64' | 'auto';
  /** SHA-256 of the file that the model was read from, in hex: kept in the artifact where the target has a place for it. */
  readonly sourceDigest?: string;
}

export interface ArtifactFile {
  /** '' for the artifact itself; else what is appended to its name without ending (`.d.ts`, `.data`). */
  readonly suffix: string;
  /** In order; generated while they are written. `name`: what the artifact is called, where its files name each other. */
  chunks(name?: string): Iterable<Uint8Array>;
}

export interface Artifact {
  readonly format: string;
  /** One line for a person: `ONNX opset 21, ai.onnx.ml 5 · float64`. */
  readonly summary: string;
  readonly files: readonly ArtifactFile[];
  /** Losses and warnings that writing brought. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface Writer {
  readonly format: string;
  readonly title: string;
  /** File endings that choose this writer, with the dot. */
  readonly endings: readonly string[];
  /** Does the target take this model? The reasons it does not, one per operator or feature; empty if it does. */
  obstacles(model: Model, options: WriteOptions): readonly (Refusal & { readonly operator: string })[];
  /** Throws a located PortolanError where the model cannot be written. */
  write(model: Model, options: WriteOptions): Artifact;
}

/** Anything that scores rows: the reference evaluator, an artifact in its own runtime. Tensors go in and out by name. */
export interface Scorer {
  /** `reference`, `onnxruntime 1.30.0`, `Node v20.1.0`. */
  readonly runtime: string;
  /** The interface it declares itself; a field's `value` names the tensor. */
  readonly fields: readonly Field[];
  /** `watch`: further inner values to return, where the runtime can show them. */
  run(inputs: ReadonlyMap<string, Tensor>, watch?: readonly string[]): Promise<ReadonlyMap<string, Tensor>>;
  close(): Promise<void>;
}

/** A program that feeds an artifact and reads its outputs, ready to be pasted. */
export interface Snippet {
  readonly language: string;
  readonly code: string;
}

/** Opens a written artifact in its own runtime. */
export interface Runtime {
  readonly format: string;
  /** Why it cannot run here (`install onnxruntime-node`), or undefined. */
  unavailable(): Promise<string | undefined>;
  open(file: string, model: Model): Promise<Scorer>;
}

/** A folder of a format's own test layout. */
export interface TestCase {
  /** Its path below the folder that was asked for; the folder's own name where it is that folder. */
  readonly name: string;
  /** The model's file; null where there are data sets alone. */
  readonly model: string | null;
  /** Folders of the data sets. */
  readonly sets: readonly string[];
}

/** What goes into a model, and what should come out; an output that nobody wrote down is not there. */
export interface DataSet {
  readonly inputs: ReadonlyMap<string, Datum>;
  readonly outputs: ReadonlyMap<string, Datum>;
}

/** The test layout of a format: files of inputs and outputs beside a model. */
export interface TestData {
  /** The cases in a folder, which is a data set, a case, or holds cases; none where it is nothing of the kind. */
  find(folder: string): readonly TestCase[];
  /** Names and types come from the model. Throws a located PortolanError where a file is broken. */
  read(set: string, model: Model): DataSet;
  /** The files of a data set by name. */
  write(set: DataSet, model: Model): ReadonlyMap<string, Iterable<Uint8Array>>;
}
