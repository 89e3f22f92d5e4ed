/**
 * External data: elements of a tensor in another file, which must lie inside the model's folder. A location comes from a
 * hostile file: no way may lead out of the folder, not by name, not by link.
 */
import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { openSource } from '../../src/files/source.ts';
import type { Source } from '../../src/ir/converter.ts';
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import { FileRange } from './bytes.ts';
import type { TensorProto } from './schema.ts';
import type { External } from './tensors.ts';

const keys: ReadonlySet<string> = new Set(['location', 'offset', 'length', 'checksum']);

const entriesOf = (proto: TensorProto, at: Place): ReadonlyMap<string, string> => {
  const entries = new Map<string, string>();
  for (const { key = '', value = '' } of proto.external_data ?? []) {
    if (!keys.has(key)) fail('onnx/external-key', `external data has no key '${key}'`, at);
    if (entries.has(key)) fail('onnx/external-key', `the key '${key}' of external data stands twice`, at);
    entries.set(key, value);
  }
  return entries;
};

const whole = (text: string | undefined, key: string, otherwise: number, at: Place): number => {
  if (text === undefined) return otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value))
    fail('onnx/external-range', `the ${key} '${text}' is not a whole number`, at);
  return value;
};

/** The parts of a location below the folder; refuses everything that is not plainly below it. */
const partsOf = (location: string, at: Place): string[] => {
  const outside = (why: string) =>
    fail(
      'onnx/external-path',
      `the location '${location}' ${why}`,
      at,
      'external data must lie in the folder of the model',
    );
  if (location === '') outside('is empty');
  if (/^[/\\]|^[A-Za-z]:/.test(location)) outside('is absolute');
  // A backslash separates on Windows alone, a NUL ends the name for the system alone: neither is in a real name.
  if (/\\|\p{Cc}/u.test(location)) outside('holds a backslash or a control character');
  const parts = location.split('/').filter((p) => p !== '' && p !== '.');
  if (parts.includes('..')) outside("holds '..'");
  if (parts.length === 0) outside('names no file');
  return parts;
};

const statOf = (path: string, location: string, at: Place): Stats => {
  try {
    return lstatSync(path);
  } catch {
    return fail('onnx/external-missing', `the external data '${location}' is not there`, at);
  }
};

/** Opens a location, each part checked on the way. */
const open = (folder: string, location: string, at: Place): Source => {
  let path = folder;
  const parts = partsOf(location, at);
  for (const [i, part] of parts.entries()) {
    path = join(path, part);
    const stat = statOf(path, location, at);
    const last = i === parts.length - 1;
    if (stat.isSymbolicLink())
      fail('onnx/external-link', `'${part}' of the location '${location}' is a symbolic link`, at);
    if (last ? !stat.isFile() : !stat.isDirectory()) {
      fail(
        'onnx/external-path',
        `'${part}' of the location '${location}' is not a ${last ? 'file' : 'folder'}`,
        at,
      );
    }
    if (last && stat.nlink > 1)
      fail('onnx/external-link', `the external data '${location}' is a hard link`, at);
  }
  return openSource(path);
};

/** Finds external tensors of a model; files are opened once. `needed` is told each location. */
export const externalFiles = (source: Source): External => {
  const files = new Map<string, Source>();
  return (proto, bytes, at) => {
    const entries = entriesOf(proto, at);
    const location =
      entries.get('location') ?? fail('onnx/external-path', 'external data without a location', at);
    if (source.path === undefined) {
      fail('onnx/external-missing', 'external data of a model in memory', at, 'read the model from its file');
    }
    let file = files.get(location);
    if (!file) {
      file = open(source.path as string, location, at);
      files.set(location, file);
    }
    const offset = whole(entries.get('offset'), 'offset', 0, at);
    const length = whole(entries.get('length'), 'length', bytes, at);
    if (length !== bytes)
      fail('onnx/external-range', `${length} bytes of external data, the shape takes ${bytes}`, at);
    if (offset + length > file.size) {
      fail('onnx/external-range', `'${location}' ends at ${file.size}, before ${offset + length}`, at);
    }
    return new FileRange(file, offset, offset + length);
  };
};
