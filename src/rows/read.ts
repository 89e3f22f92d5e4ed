/** A file of rows, in whichever of the two formats it is. */
import type { Source } from '../ir/converter.ts';
import { fail } from '../ir/diagnostic.ts';
import { type CsvOptions, parseCsv } from './csv.ts';
import { parseJsonLines } from './jsonl.ts';
import type { Table } from './table.ts';

type RowsFormat = 'csv' | 'jsonl';

export interface ReadOptions extends CsvOptions {
  /** Default: by the ending of the name, else by the first character. */
  readonly format?: RowsFormat;
}

const window = 1 << 20;

/** The text, in windows. Throws where it is not UTF-8. */
function* text(source: Source): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let at = 0; at < source.size; at += window) {
    const end = Math.min(at + window, source.size);
    yield decode(decoder, source, at, end);
  }
}

const decode = (
  decoder: InstanceType<typeof TextDecoder>,
  source: Source,
  at: number,
  end: number,
): string => {
  try {
    return decoder.decode(source.read(at, end), { stream: end < source.size });
  } catch {
    return fail(
      'rows/encoding',
      'the text is not UTF-8',
      { file: source.name, at: `byte ${at}-${end}` },
      'save the file as UTF-8',
    );
  }
};

const formatOf = (source: Source): RowsFormat => {
  if (/\.(jsonl|ndjson|json)$/i.test(source.name)) return 'jsonl';
  if (/\.(csv|tsv|txt)$/i.test(source.name)) return 'csv';
  // A byte order mark or blanks may come first.
  const head = new TextDecoder().decode(source.read(0, Math.min(source.size, 64)));
  return head.trimStart().startsWith('{') ? 'jsonl' : 'csv';
};

/** Reads a table. `.tsv` files are tab-separated unless another delimiter is given. */
export const readTable = (source: Source, options: ReadOptions = {}): Table => {
  const format = options.format ?? formatOf(source);
  if (format === 'jsonl') return parseJsonLines(text(source), source.name);
  const delimiter = options.delimiter ?? (/\.tsv$/i.test(source.name) ? '\t' : ',');
  return parseCsv(text(source), source.name, { ...options, delimiter });
};
