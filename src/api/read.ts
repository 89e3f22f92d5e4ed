import { openSource } from '../files/source.ts';
import { detectFormat, type Format } from '../formats.ts';
import type { ReadRequest, Source } from '../ir/converter.ts';
import { type Diagnostic, PortolanError } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';
import { check } from '../ir/verifier.ts';

/** A model, and what there was to say while it was read. */
export interface ReadModel extends Model {
  readonly diagnostics: readonly Diagnostic[];
  readonly source: { readonly name: string; readonly bytes: number; readonly format: Format };
}

/**
 * Reads a model in whatever format its first bytes say it has. Weights stay in the file, which stays open as long as
 * the process runs. Throws a PortolanError where the file is broken, hostile or not supported.
 */
export const read = async (file: string | Source, request: ReadRequest = {}): Promise<ReadModel> => {
  const source = typeof file === 'string' ? openSource(file) : file;
  const { format, reader } = await detectFormat(source.read(0, 4096), source.name);
  const { model, diagnostics } = reader.read(source, request);
  // Readers build through the checked builder; this holds them to it.
  const [broken] = check(model);
  if (broken) throw new PortolanError(broken);
  return { ...model, diagnostics, source: { name: source.name, bytes: source.size, format } };
};
