import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../ir/diagnostic.ts';
import { reasonOf } from './source.ts';

/** Files that appear together, whole or not at all: written beside their places, then renamed. */
export class AtomicFiles {
  private readonly pending: { temporary: string; target: string }[] = [];

  /**
   * Writes the bytes to a temporary file beside `target` and returns its path, SHA-256 and size; nothing is seen at
   * `target` before `commit`.
   */
  add(target: string, chunks: Iterable<Uint8Array>): { temporary: string; sha256: string; bytes: number } {
    // The ending is kept: a runtime may go by it.
    const name = basename(target);
    const temporary = join(dirname(target), `.${randomBytes(6).toString('hex')}.${name}`);
    const hash = createHash('sha256');
    let bytes = 0;
    let fd: number;
    try {
      fd = openSync(temporary, 'wx');
    } catch (error) {
      return fail('file/unwritable', reasonOf(error), { file: target, at: '' });
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
        fail('file/unwritable', reasonOf(error), { file: target, at: '' });
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
  try {
    const x = statSync(a);
    const y = statSync(b);
    return x.ino === y.ino && x.dev === y.dev;
  } catch {
    return false;
  }
};
