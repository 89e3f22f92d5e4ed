import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fail, PortolanError } from '../ir/diagnostic.ts';
import { reasonOf } from './source.ts';

const unwritable = (error: unknown, target: string): never => {
  const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  return fail(
    'file/unwritable',
    gone ? `there is no folder ${dirname(target)}` : reasonOf(error),
    { file: target, at: '' },
    gone ? 'make the folder first' : 'check the path and the permissions',
  );
};

/** Files that appear together, whole or not at all: written beside their places, then renamed. */
export class AtomicFiles {
  private readonly pending: { temporary: string; target: string }[] = [];

  /**
   * Writes the bytes to a temporary file beside `target` and returns its path, SHA-256 and size; nothing is seen at
   * `target` before `commit`.
   */
  add(target: string, chunks: Iterable<Uint8Array>): { temporary: string; sha256: string; bytes: number } {
    // Renaming onto a folder would fail only at the end, when other files already stand in their places.
    if (statSync(target, { throwIfNoEntry: false })?.isDirectory())
      fail('file/unwritable', 'this is a folder', { file: target, at: '' }, 'name a file');
    // The ending is kept: a runtime may go by it.
    const name = basename(target);
    const temporary = join(dirname(target), `.${randomBytes(6).toString('hex')}.${name}`);
    const hash = createHash('sha256');
    let bytes = 0;
    let fd: number;
    try {
      fd = openSync(temporary, 'wx');
    } catch (error) {
      return unwritable(error, target);
    }
    this.pending.push({ temporary, target });
    try {
      for (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        let at = 0;
        while (at < chunk.length) at += writeSync(fd, chunk, at);
      }
      fsyncSync(fd);
    } catch (error) {
      if (error instanceof PortolanError || !(error instanceof Error && 'syscall' in error)) throw error;
      return unwritable(error, target);
    } finally {
      closeSync(fd);
    }
    return { temporary, sha256: hash.digest('hex'), bytes };
  }

  commit(): void {
    for (const { temporary, target } of this.pending) {
      try {
        renameSync(temporary, target);
      } catch (error) {
        this.discard();
        unwritable(error, target);
      }
    }
    this.pending.length = 0;
  }

  /** Removes what was not committed. Safe to call at any time. */
  discard(): void {
    for (const { temporary } of this.pending) rmSync(temporary, { force: true });
    this.pending.length = 0;
  }
}

/** Is it one file under two names? A model is never overwritten by what is made of it. */
export const sameFile = (a: string, b: string): boolean => {
  if (resolve(a) === resolve(b)) return true;
  try {
    const x = statSync(a);
    const y = statSync(b);
    return x.ino === y.ino && x.dev === y.dev;
  } catch {
    return false;
  }
};
