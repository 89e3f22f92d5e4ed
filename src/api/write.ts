import { createHash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import { AtomicFiles } from '../files/atomic.ts';
import { targetFormat } from '../formats.ts';
import type { Artifact, WriteOptions } from '../ir/converter.ts';
import { fail, isRefusal } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';
import { batch } from '../passes/batch.ts';
import { fold } from '../passes/fold.ts';

/** What may be done to a graph before it is written; none of it changes a row's results. */
export interface Preparation {
  /** Computes what depends on constants alone, makes one of equal constants and nodes, leaves out what nothing reads. */
  readonly simplify?: boolean;
  /** Makes a fixed number of rows any number. */
  readonly batch?: boolean;
}

/** Throws where the model mixes rows, and so takes no other number of them. */
export const prepared = (model: Model, { simplify, batch: any }: Preparation): Model => {
  const rowed = any ? batch(model) : model;
  if (isRefusal(rowed)) {
    return fail(rowed.rule, `the number of rows stays fixed: ${rowed.why}`, undefined, 'leave out --batch');
  }
  return simplify ? fold(rowed) : rowed;
};

export interface WriteRequest extends WriteOptions, Preparation {
  /** A format's name (`portolan formats`). */
  readonly to: string;
}

/** The model in another format, in memory or generated while it is saved. Throws where the target cannot say it. */
export const write = async (
  model: Model,
  { to, simplify, batch: any, ...options }: WriteRequest,
): Promise<Artifact> => {
  const { writer } = await targetFormat(undefined, to).load();
  const ready = prepared(model, { ...(simplify && { simplify }), ...(any && { batch: any }) });
  return (writer ?? fail('format/no-writer', `nothing is written as '${to}'`)).write(ready, options);
};

/** The path of one of an artifact's files, beside the artifact itself. */
export const pathOf = (file: string, suffix: string): string => {
  if (suffix === '') return file;
  const ending = /\.[^./\\]*$/.exec(file)?.[0] ?? '';
  // TypeScript looks for x.d.mts beside x.mjs.
  const kind = ending === '.mjs' && suffix === '.d.ts' ? '.d.mts' : suffix;
  return `${file.slice(0, file.length - ending.length)}${kind}`;
};

export interface Staged {
  /** Where the artifact itself stands until `files.commit()`. */
  readonly temporary: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly files: AtomicFiles;
}

/** Writes an artifact beside its place, to be run and proven before it is seen there. */
export const stage = (artifact: Artifact, file: string): Staged => {
  const files = new AtomicFiles();
  const hash = createHash('sha256');
  let main: { temporary: string; bytes: number } | undefined;
  try {
    for (const part of artifact.files) {
      const chunks = part.chunks(basename(file));
      const written = files.add(
        pathOf(file, part.suffix),
        part.suffix === '' ? hashed(chunks, hash) : chunks,
      );
      if (part.suffix === '') main = written;
    }
  } catch (error) {
    files.discard();
    throw error;
  }
  if (!main) {
    files.discard();
    return fail('format/no-artifact', `the ${artifact.format} writer wrote no artifact`);
  }
  return { ...main, sha256: hash.digest('hex'), files };
};

function* hashed(chunks: Iterable<Uint8Array>, hash: Hash): Generator<Uint8Array> {
  for (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Saves an artifact: whole, or not at all. */
export const save = (artifact: Artifact, file: string): { sha256: string; bytes: number } => {
  const { files, sha256, bytes } = stage(artifact, file);
  files.commit();
  return { sha256, bytes };
};
