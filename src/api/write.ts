import { createHash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import { AtomicFiles } from '../files/atomic.ts';
import { targetFormat } from '../formats.ts';
import type { Artifact, WriteOptions } from '../ir/converter.ts';
import { fail } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';

export interface WriteRequest extends WriteOptions {
  /** A format's name (`portolan formats`). */
  readonly to: string;
}

/** The model in another format, in memory or generated while it is saved. Throws where the target cannot say it. */
export const write = async (model: Model, { to, ...options }: WriteRequest): Promise<Artifact> => {
  const { writer } = await targetFormat(undefined, to).load();
  return (writer ?? fail('format/no-writer', `nothing is written as '${to}'`)).write(model, options);
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
