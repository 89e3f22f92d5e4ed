import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Source } from '../ir/converter.ts';
import { fail } from '../ir/diagnostic.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this file may not be read',
  EISDIR: 'this is a folder',
  ENOTDIR: 'a folder on the way to it is a file',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
  EMFILE: 'too many files are open',
};

/** Why the system refused a file, in words. */
export const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (code || String(error));
};

/** Opens a file for reading in windows. It stays open until `close`. */
export const openSource = (name: string): Source & { close(): void } => {
  let fd: number;
  let size: number;
  try {
    fd = openSync(name, 'r');
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      closeSync(fd);
      fail(
        'file/not-a-file',
        stat.isDirectory() ? 'this is a folder' : 'this is not a plain file',
        {
          file: name,
          at: '',
        },
        'name the file itself',
      );
    }
    size = stat.size;
  } catch (error) {
    if (error instanceof Error && 'diagnostic' in error) throw error;
    return fail(
      'file/unreadable',
      reasonOf(error),
      { file: name, at: '' },
      'check the path and the permissions',
    );
  }
  return {
    name,
    path: resolve(dirname(name)),
    size,
    read: (from, to, room) => {
      const length = Math.max(0, Math.min(to, size) - from);
      const bytes = room && room.length >= length ? room.subarray(0, length) : new Uint8Array(length);
      let at = 0;
      while (at < bytes.length) {
        const n = readSync(fd, bytes, at, bytes.length - at, from + at);
        if (n === 0)
          fail('file/changed', 'the file became shorter while it was read', { file: name, at: '' });
        at += n;
      }
      return bytes;
    },
    close: () => closeSync(fd),
  };
};

/** A source in memory. */
export const memorySource = (name: string, bytes: Uint8Array): Source => ({
  name,
  size: bytes.length,
  read: (from, to) => bytes.subarray(from, to),
});
