import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formats } from '../formats.ts';
import type { Artifact, Scorer, Source } from '../ir/converter.ts';
import { Diagnostics, PortolanError } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';
import type { ReadOptions } from '../rows/read.ts';
import type { Table } from '../rows/table.ts';
import type { Verification } from '../verify/result.ts';
import { predictionsScorer, referenceScorer } from '../verify/scorers.ts';
import { compareStructure } from '../verify/structure.ts';
import { notExecuted, type VerifyOptions, verifyScorers } from '../verify/verify.ts';
import { openArtifact } from './open.ts';
import { read } from './read.ts';
import { tableFrom } from './score.ts';
import { save } from './write.ts';

export interface VerifyRequest extends Omit<VerifyOptions, 'notes'>, ReadOptions {
  /** Rows of yours to compare on, beside the boundary and sampled ones. */
  readonly data?: string | Source | Table;
}

/** Holds an artifact, run from `file`, against the model it was made of. `not executed` where it cannot be run here. */
export const verifyFile = async (
  model: Model,
  format: string,
  file: string,
  { data, ...request }: VerifyRequest = {},
): Promise<Verification> => {
  const a = referenceScorer(model);
  const table = data === undefined ? undefined : tableFrom(data, request);
  let b: Scorer;
  try {
    b = await openArtifact(format, file, model);
  } catch (error) {
    // Only that there is no runtime here is an answer; everything else is an error.
    if (!(error instanceof PortolanError) || !error.diagnostic.rule.startsWith('runtime/')) throw error;
    const { message, help } = error.diagnostic;
    const runtime = formats.find((f) => f.name === format)?.runs ?? format;
    const names = request.names ?? { a: model.name || 'model', b: format };
    return notExecuted(a, names, runtime, help ? `${message}: ${help}` : message, request.seed);
  }
  try {
    return await verifyScorers({ a, b, model, ...(table && { table }) }, request);
  } finally {
    await b.close();
  }
};

const isArtifact = (b: unknown): b is Artifact => typeof b === 'object' && b !== null && 'files' in b;

const endings = /\.(csv|tsv|jsonl|ndjson)$/i;

/**
 * Compares a model with an artifact made of it, with another model, or with somebody's own predictions: `b` is an
 * artifact, or the name of a file. Predictions (CSV, JSON Lines) need the rows they were made for in `data`.
 */
export const verify = async (
  a: Model | string,
  b: Artifact | string,
  request: VerifyRequest = {},
): Promise<Verification> => {
  const model = typeof a === 'string' ? await read(a) : a;
  if (isArtifact(b)) {
    const folder = mkdtempSync(join(tmpdir(), 'portolan-'));
    try {
      const ending = formats.find((f) => f.name === b.format)?.endings[0] ?? '';
      const file = join(folder, `model${ending}`);
      save(b, file);
      return await verifyFile(model, b.format, file, request);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const names = request.names ?? {
    a: nameOf(typeof a === 'string' ? a : model.name || 'model'),
    b: nameOf(b),
  };
  if (endings.test(b)) {
    const { data, ...rest } = request;
    const notes = new Diagnostics();
    const predictions = predictionsScorer(tableFrom(b, request), model.fields, request.map);
    return verifyScorers(
      {
        a: referenceScorer(model),
        b: predictions,
        model,
        ...(data !== undefined && { table: tableFrom(data, request) }),
      },
      { ...rest, names, notes },
    );
  }
  // A file that only its own runtime understands (a JavaScript module), or one that is read as a model.
  const format = formats.find((f) => f.endings.some((e) => b.toLowerCase().endsWith(e)));
  if (format && !format.reads) return verifyFile(model, format.name, b, { ...request, names });
  const other = await read(b);
  const structure = model.format === other.format ? { structure: compareStructure(model, other) } : {};
  if (other.source.format.runs !== null) {
    return { ...(await verifyFile(model, other.source.format.name, b, { ...request, names })), ...structure };
  }
  const { data, ...rest } = request;
  const verification = await verifyScorers(
    {
      a: referenceScorer(model),
      b: referenceScorer(other),
      model,
      ...(data !== undefined && { table: tableFrom(data, request) }),
    },
    { ...rest, names },
  );
  return { ...verification, ...structure };
};

const nameOf = (file: string): string => file.replace(/^.*[/\\]/, '');
