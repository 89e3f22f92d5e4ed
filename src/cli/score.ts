import { readFileSync } from 'node:fs';
import { isFolder } from '../api/cases.ts';
import type { Engine } from '../api/open.ts';
import { read } from '../api/read.ts';
import { score as scoreRows } from '../api/score.ts';
import { AtomicFiles } from '../files/atomic.ts';
import { memorySource } from '../files/source.ts';
import { formatCsv } from '../rows/csv.ts';
import { formatJsonLines } from '../rows/jsonl.ts';
import { scoreRecorded } from './recorded.ts';
import { refuseOverwriting } from './reports.ts';
import { explain } from './terminal.ts';

interface Options {
  data: string;
  out?: string;
  engine: Engine;
  delimiter?: string;
  decimal?: string;
}

const encoder = new TextEncoder();

function* encoded(text: Iterable<string>): Generator<Uint8Array> {
  for (const part of text) yield encoder.encode(part);
}

/** `portolan score`: one row of results a row; of a test data set, the outputs as they are. */
export const score = async (file: string, options: Options): Promise<number> => {
  if (isFolder(options.data)) return scoreRecorded(file, options);
  const { data, out, engine, ...csv } = options;
  if (out !== undefined) refuseOverwriting(out, data === '-' ? [file] : [file, data]);
  const model = await read(file);
  // Standard input is read whole: rows are held in memory in any case.
  const rows = data === '-' ? memorySource('standard input', readFileSync(0)) : data;
  const { results, diagnostics } = await scoreRows(model, rows, { engine, ...csv });
  explain([...model.diagnostics, ...diagnostics]);
  const text =
    out && /\.(jsonl|ndjson)$/i.test(out)
      ? formatJsonLines(results)
      : formatCsv(results, { ...(out && /\.tsv$/i.test(out) && { delimiter: '\t' }), ...csv });
  if (out === undefined) {
    for (const part of text) process.stdout.write(part);
    return 0;
  }
  const files = new AtomicFiles();
  try {
    files.add(out, encoded(text));
    files.commit();
  } finally {
    files.discard();
  }
  return 0;
};
