import { readFileSync } from 'node:fs';
import { isFolder } from '../api/cases.ts';
import type { Engine } from '../api/open.ts';
import { read } from '../api/read.ts';
import { score as scoreRows } from '../api/score.ts';
import { AtomicFiles } from '../files/atomic.ts';
import { memorySource } from '../files/source.ts';
import { fail } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';
import { formatCsv } from '../rows/csv.ts';
import { formatJsonLines } from '../rows/jsonl.ts';
import { type Table, tableOf } from '../rows/table.ts';
import { scoreRecorded } from './recorded.ts';
import { refuseOverwriting } from './reports.ts';
import { explain } from './terminal.ts';

interface Options {
  data?: string;
  horizon?: number;
  out?: string;
  engine: Engine;
  delimiter?: string;
  decimal?: string;
}

const encoder = new TextEncoder();

function* encoded(text: Iterable<string>): Generator<Uint8Array> {
  for (const part of text) yield encoder.encode(part);
}

/** More than this is no forecast, but a slip of the finger. */
const furthest = 1_000_000;

/** The rows that ask for the steps 1 to `horizon`. */
const stepsAhead = (model: Model, file: string, horizon: number): Table => {
  const field = model.fields.find((f) => f.step);
  if (!field) {
    return fail(
      'score/horizon',
      'the model has no field for a step ahead',
      { file, at: '' },
      'only time series that are asked for a number of steps take --horizon; give rows with --data',
    );
  }
  if (horizon < 1 || horizon > furthest) {
    return fail(
      'score/horizon',
      `--horizon ${horizon} is no number of steps from 1 to ${furthest}`,
      undefined,
      '--horizon 12 asks for the steps 1 to 12',
    );
  }
  return tableOf([[field.name, Array.from({ length: horizon }, (_, i) => i + 1)]], '--horizon');
};

/** `portolan score`: one row of results a row; of a test data set, the outputs as they are. */
export const score = async (file: string, options: Options): Promise<number> => {
  const { data, horizon, out, engine, ...csv } = options;
  if ((data === undefined) === (horizon === undefined)) {
    return fail(
      data === undefined ? 'usage/missing-mandatory-option-value' : 'usage/conflicting-option',
      'give either --data or, for a time series, --horizon',
      undefined,
      'portolan score --help shows both',
    );
  }
  if (data !== undefined && isFolder(data)) return scoreRecorded(file, { ...options, data });
  if (out !== undefined) refuseOverwriting(out, data === undefined || data === '-' ? [file] : [file, data]);
  const model = await read(file);
  // Standard input is read whole: rows are held in memory in any case.
  const rows =
    horizon !== undefined
      ? stepsAhead(model, file, horizon)
      : data === '-'
        ? memorySource('standard input', readFileSync(0))
        : (data as string);
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
