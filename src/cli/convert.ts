import { openArtifact } from '../api/open.ts';
import { type ReadModel, read } from '../api/read.ts';
import { artifactFacts, makeReport, measureLatency, sourceFacts } from '../api/report.ts';
import { tableFrom } from '../api/score.ts';
import { verifyFile } from '../api/verify.ts';
import { prepared, type Staged, stage } from '../api/write.ts';
import { sliceRows } from '../evaluate/blocks.ts';
import { type Format, targetFormat } from '../formats.ts';
import type { WriteOptions } from '../ir/converter.ts';
import { Diagnostics, fail, PortolanError, printable } from '../ir/diagnostic.ts';
import { bytes } from '../report/facts.ts';
import type { Latency } from '../report/report.ts';
import { bind } from '../rows/bind.ts';
import type { CsvOptions } from '../rows/csv.ts';
import { checkExamples } from '../verify/examples.ts';
import { inputsFor } from '../verify/inputs.ts';
import { feed, match } from '../verify/interface.ts';
import type { Side, Verification } from '../verify/result.ts';
import { checkReports, refuseOverwriting, writeReports } from './reports.ts';
import { explain, Progress, say, step } from './terminal.ts';
import { explainVerification } from './verification.ts';

/** The opsets asked for: the default domain's, and others'. */
export type Opsets = Pick<WriteOptions, 'opset' | 'domains'>;

interface Options extends CsvOptions {
  to?: string;
  opset?: Opsets;
  precision: 'float32' | 'float64' | 'auto';
  data?: string;
  report?: string[];
  simplify?: boolean;
  batch?: boolean;
  verify: boolean;
  keep?: boolean;
  json?: boolean;
}

/** Only what was said: an ending may have a delimiter of its own. */
const csvOptions = ({ delimiter, decimal }: CsvOptions): CsvOptions => ({
  ...(delimiter !== undefined && { delimiter }),
  ...(decimal !== undefined && { decimal }),
});

const baseName = (file: string): string => file.replace(/^.*[/\\]/, '');

/** `portolan convert`: read, write, run, compare, report. The artifact appears only when it is proven. */
export const convert = async (file: string, target: string, options: Options): Promise<number> => {
  const { report: reports = [], json } = options;
  const format = targetFormat(target, options.to);
  refuseOverwriting(target, [file, ...(options.data === undefined ? [] : [options.data])]);
  checkReports(reports, [file, target, ...(options.data === undefined ? [] : [options.data])]);
  const tell = json ? () => {} : step;

  const model = await read(file);
  const source = sourceFacts(model);
  // Rows that cannot be read, or are not this model's, are found out before the work begins.
  const rows = csvOptions(options);
  const data = options.data === undefined ? undefined : tableFrom(options.data, rows);
  if (data) bind(data, model.fields);

  const { writer } = await format.load();
  if (!writer) return fail('format/no-writer', `nothing is written as '${format.name}'`);
  const settings: WriteOptions = {
    precision: options.precision,
    ...options.opset,
    sourceDigest: source.sha256,
  };
  const artifact = writer.write(prepared(model, options), settings);
  const staged = stage(artifact, target);
  try {
    // Not sooner: where the input or the request is wrong, nothing stands on stdout.
    tell('read', printable(`${file}   ${source.summary}`));
    tell('write', printable(`${target}   ${artifact.summary} · ${bytes(staged.bytes)}`));
    const notes = new Diagnostics();
    const verification = options.verify
      ? await prove(model, format, staged, source.sha256, { file, target }, data, rows)
      : null;
    if (verification && !json) explainVerification(verification);
    const examples = await checkExamples(model);
    const failed =
      (verification !== null && !verification.equivalent && verification.executed) ||
      (examples?.failed ?? 0) > 0;
    const keep = !failed || options.keep === true;
    if (failed) {
      notes.add(
        'warning',
        'convert/not-proven',
        keep
          ? `${baseName(target)} was kept although the check failed (--keep)`
          : `${baseName(target)} was not written, because the check failed (--keep writes it all the same)`,
      );
    }
    // The report measures, and asks every target what it would take: work that is done only where somebody reads it.
    const wanted = json === true || reports.length > 0;
    const latency =
      wanted && verification?.executed && verification.columns.length > 0 && keep
        ? await measure(model, format, staged)
        : [];
    const report = wanted
      ? await makeReport({
          model,
          source,
          artifact: { facts: artifactFacts(artifact, target, staged), format },
          verification,
          examples,
          latency,
          diagnostics: [...artifact.diagnostics, ...notes.list],
          options: settings,
        })
      : null;
    if (keep) staged.files.commit();
    if (json) say(JSON.stringify(report, null, 2));
    if (report) writeReports(report, reports, json);
    explain([...model.diagnostics, ...artifact.diagnostics, ...notes.list]);
    return failed || (verification !== null && !verification.executed) ? 1 : 0;
  } finally {
    staged.files.discard();
  }
};

const prove = async (
  model: ReadModel,
  format: Format,
  staged: Staged,
  sourceDigest: string,
  names: { file: string; target: string },
  data: ReturnType<typeof tableFrom> | undefined,
  rows: CsvOptions,
): Promise<Verification> => {
  const bar = new Progress('verify');
  try {
    return await verifyFile(model, format.name, staged.temporary, {
      ...rows,
      ...(data && { data }),
      names: { a: baseName(names.file), b: baseName(names.target) },
      sha256: { a: sourceDigest, b: staged.sha256 },
      progress: (done, all) => bar.at(done / all),
    });
  } catch (error) {
    if (!(error instanceof PortolanError) || !error.diagnostic.rule.startsWith(`${format.name}/`))
      throw error;
    // Its own runtime refuses what was written: a finding about the artifact, not a fault of the input.
    const why = error.message.replaceAll(staged.temporary, baseName(names.target));
    const [a, b] = [baseName(names.file), baseName(names.target)];
    return refused({ name: a, runtime: 'reference' }, { name: b, runtime: format.runs ?? format.name }, why);
  } finally {
    bar.end();
  }
};

const refused = (a: Side, b: Side, why: string): Verification => ({
  a,
  b,
  executed: true,
  why,
  equivalent: false,
  rows: { boundary: 0, sampled: 0, given: 0 },
  seed: 1,
  columns: [],
  unmatched: [],
  worst: null,
  divergence: null,
  coverage: null,
  unchecked: ['everything: the artifact does not run'],
});

/** One row and a batch of sampled rows through the artifact; nothing where rows cannot be made. */
const measure = async (model: ReadModel, format: Format, staged: Staged): Promise<Latency[]> => {
  const rows = 2000;
  const { tensors } = inputsFor(model, { sampled: rows, limit: 0 });
  const one = new Map([...tensors].map(([name, t]) => [name, sliceRows(t, 0, 1)]));
  const scorer = await openArtifact(format.name, staged.temporary, model);
  try {
    // As the artifact takes them: other dtypes, and NaN for what is missing.
    const { inputs } = match(model.fields, scorer.fields);
    return [await measureLatency(scorer, feed(one, inputs), feed(tensors, inputs), rows)];
  } finally {
    await scorer.close();
  }
};
