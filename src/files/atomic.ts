import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
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

/**
 * Files that appear together, whole or not at all: written into a hidden folder beside their places, under their own
 * names (one may name another), then moved.
 */
export class AtomicFiles {
  private readonly pending: { temporary: string; target: string }[] = [];
  /** Hidden folders by the folder they lie in. */
  private readonly folders = new Map<string, string>();

  /**
   * Writes the bytes to a temporary file and returns its path and size; nothing is seen at `target` before `commit`.
   * Long stretches of zeros become holes in the file.
   */
  add(target: string, chunks: Iterable<Uint8Array>): { temporary: string; bytes: number } {
    // Moving onto a folder would fail only at the end, when other files already stand in their places.
    if (statSync(target, { throwIfNoEntry: false })?.isDirectory())
      fail('file/unwritable', 'this is a folder', { file: target, at: '' }, 'name a file');
    let bytes = 0;
    let fd: number;
    let temporary: string;
    try {
      temporary = join(this.folderBeside(target), basename(target));
      fd = openSync(temporary, 'wx');
    } catch (error) {
      return unwritable(error, target);
    }
    this.pending.push({ temporary, target });
    try {
      for (const chunk of chunks) {
        if (!isHole(chunk)) {
          let at = 0;
          while (at < chunk.length) at += writeSync(fd, chunk, at, chunk.length - at, bytes + at);
        }
        bytes += chunk.length;
      }
      ftruncateSync(fd, bytes);
      fsyncSync(fd);
    } catch (error) {
      if (error instanceof PortolanError || !(error instanceof Error && 'syscall' in error)) throw error;
      return unwritable(error, target);
    } finally {
      closeSync(fd);
    }
    return { temporary, bytes };
  }

  private folderBeside(target: string): string {
    const place = resolve(dirname(target));
    let folder = this.folders.get(place);
    if (folder === undefined) {
      folder = mkdtempSync(join(place, '.portolan-'));
      this.folders.set(place, folder);
    }
    return folder;
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
    this.discard();
  }

  /** Removes what was not committed. Safe to call at any time. */
  discard(): void {
    for (const folder of this.folders.values()) rmSync(folder, { recursive: true, force: true });
    this.folders.clear();
    this.pending.length = 0;
  }
}

const smallestHole = 1 << 16;

/** All zeros, and many: each byte is its neighbour, which the system compares faster than a loop here. */
const isHole = (chunk: Uint8Array): boolean =>
  chunk.length >= smallestHole &&
  chunk[0] === 0 &&
  Buffer.compare(chunk.subarray(1), chunk.subarray(0, -1)) === 0;

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
