import { createHash } from 'node:crypto';
import { cpus, release, type } from 'node:os';
import { openSource } from '../files/source.ts';
import { type Format, formats } from '../formats.ts';
import type { Artifact, Scorer, Source, WriteOptions, Writer } from '../ir/converter.ts';
import { type Diagnostic, PortolanError } from '../ir/diagnostic.ts';
import { type Model, opName } from '../ir/model.ts';
import {
  type FileFacts,
  fieldFacts,
  type Latency,
  operatorCounts,
  type Report,
  sizeOf,
  verdictOf,
} from '../report/report.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ExampleResult } from '../verify/examples.ts';
import type { Verification } from '../verify/result.ts';
import { toolVersion } from '../version.ts';
import type { ReadModel } from './read.ts';

const baseName = (file: string): string => file.replace(/^.*[/\\]/, '');

/** SHA-256 of a file, in hex. */
export const digestFile = (file: string): string => {
  const source = openSource(file);
  try {
    return digestSource(source);
  } finally {
    source.close();
  }
};

const digestSource = (source: Source): string => {
  const hash = createHash('sha256');
  const window = 1 << 22;
  for (let at = 0; at < source.size; at += window) hash.update(source.read(at, at + window));
  return hash.digest('hex');
};

/** What was read, as the report names it: no folders. */
export const sourceFacts = (model: ReadModel): FileFacts => {
  const summary = model.metadata.get('summary');
  return {
    name: baseName(model.source.name),
    format: model.format,
    summary: `${model.format} ${model.version}${summary ? ` · ${summary}` : ''}`,
    bytes: model.source.bytes,
    sha256: digestFile(model.source.name),
  };
};

export const artifactFacts = (
  artifact: Artifact,
  file: string,
  { sha256, bytes }: { sha256: string; bytes: number },
): FileFacts => ({ name: baseName(file), format: artifact.format, summary: artifact.summary, bytes, sha256 });

type Obstacles = Report['support']['targets'][number]['obstacles'];

const graph = 'the graph';

/** A pass on the way to the target may refuse the model before its operators are looked at: an obstacle too. */
const obstaclesOf = (writer: Writer, model: Model, options: WriteOptions): Obstacles => {
  try {
    return writer.obstacles(model, options).map(({ operator, why }) => ({ operator, why }));
  } catch (error) {
    if (error instanceof PortolanError) return [{ operator: graph, why: error.message }];
    throw error;
  }
};

/** Where the model could go: computed from the writers' own tables, so that it cannot drift. `written`: the target it was just written for. */
export const supportOf = async (
  model: Model,
  options: WriteOptions = {},
  written?: Format,
): Promise<Report['support']> => {
  const targets: Report['support']['targets'][number][] = [];
  for (const format of formats.filter((f) => f.writes)) {
    const { writer } = await format.load();
    // What was just written has nothing in its way.
    const obstacles = writer && format !== written ? obstaclesOf(writer, model, options) : [];
    targets.push({ target: format.name, supported: obstacles.length === 0, obstacles });
  }
  const operators = operatorCounts(model, (n) => opName(n.op)).map(([operator, nodes]) => ({
    operator,
    nodes,
    targets: Object.fromEntries(
      targets.map(({ target, obstacles }) => [
        target,
        // Where the whole graph is in the way, nothing is known of its single operators.
        obstacles.find((o) => o.operator === operator)?.why ??
          (obstacles.some((o) => o.operator === graph) ? '–' : 'yes'),
      ]),
    ),
  }));
  return { targets, operators };
};

const machine = (): string => {
  const [cpu] = cpus();
  return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${type()} ${release()}, Node ${process.version}`;
};

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1] as number;

/** Time to score one row and a batch, medians of several runs on this machine. */
export const measureLatency = async (
  scorer: Scorer,
  one: ReadonlyMap<string, Tensor>,
  batch: ReadonlyMap<string, Tensor>,
  rows: number,
): Promise<Latency> => {
  const time = async (inputs: ReadonlyMap<string, Tensor>, runs: number): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      await scorer.run(inputs);
      times.push((performance.now() - start) * 1000);
    }
    return median(times);
  };
  await time(one, 10);
  return {
    machine: machine(),
    runtime: scorer.runtime,
    oneRowMicroseconds: await time(one, 51),
    batchRows: rows,
    batchMicrosecondsPerRow: (await time(batch, 3)) / Math.max(rows, 1),
  };
};

/** A report does not say where on somebody's machine a file stood. */
const withoutFolders = (d: Diagnostic): Diagnostic =>
  d.at ? { ...d, at: { ...d.at, file: baseName(d.at.file) } } : d;

export interface ReportParts {
  readonly model: ReadModel;
  readonly source?: FileFacts;
  readonly artifact?: { readonly facts: FileFacts; readonly format: Format };
  readonly verification?: Verification | null;
  readonly examples?: ExampleResult | null;
  readonly latency?: readonly Latency[];
  readonly diagnostics?: readonly Diagnostic[];
  readonly options?: WriteOptions;
}

/** Puts the report together from what was done. */
export const makeReport = async (parts: ReportParts): Promise<Report> => {
  const { model } = parts;
  const source = parts.source ?? sourceFacts(model);
  const artifact = parts.artifact?.facts ?? null;
  const verification = parts.verification ?? null;
  const all = [...model.diagnostics, ...(parts.diagnostics ?? [])].map(withoutFolders);
  const inputs = model.fields.filter((f) => f.role === 'input');
  const outputs = model.fields.filter((f) => f.role === 'output');
  const { snippets } = (await parts.artifact?.format.load()) ?? {};
  return {
    schema: 'portolan-report/1',
    tool: `portolan ${toolVersion}`,
    verdict: verdictOf(source, artifact, verification),
    source,
    artifact,
    verification,
    examples: parts.examples ?? null,
    support: await supportOf(model, parts.options, parts.artifact?.format),
    losses: all.filter((d) => d.severity === 'loss'),
    diagnostics: all.filter((d) => d.severity !== 'loss'),
    contract: { inputs: inputs.map(fieldFacts), outputs: outputs.map(fieldFacts) },
    size: { ...sizeOf(model), peakMemoryBytes: process.resourceUsage().maxRSS * 1024 },
    latency: parts.latency ?? [],
    snippets: snippets && artifact ? snippets(model, artifact.name) : [],
    provenance: Object.fromEntries([
      ['format', `${model.format} ${model.version}`],
      ['arithmetic where the specification is silent', model.profile],
      ...[...model.metadata].filter(([k]) => k !== 'summary' && !k.startsWith('portolan.')),
    ]),
    unchecked: verification?.executed
      ? verification.unchecked
      : ['Whether any artifact computes what the model computes: nothing was run.'],
  };
};
