import { isFolder } from '../api/cases.ts';
import { read } from '../api/read.ts';
import { makeReport, sourceFacts } from '../api/report.ts';
import { verify as verifyModels } from '../api/verify.ts';
import { fail, printable } from '../ir/diagnostic.ts';
import { saveDataSet, verifyRecorded } from './recorded.ts';
import { checkReports, writeReports } from './reports.ts';
import { explain, Progress, say, step } from './terminal.ts';
import { explainStructure, explainVerification } from './verification.ts';

interface Options {
  data?: string;
  rtol?: number;
  atol?: number;
  ulp?: number;
  map?: string[];
  save?: string;
  report?: string[];
  json?: boolean;
  delimiter?: string;
  decimal?: string;
}

const baseName = (file: string): string => file.replace(/^.*[/\\]/, '');

/** `name of a=name of b`. The first `=` parts them unless it is doubled. */
const mapping = (pairs: readonly string[]): Map<string, string> =>
  new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0 || at === pair.length - 1) {
        fail(
          'verify/map',
          `--map ${pair} is not of the form a=b`,
          undefined,
          'write --map "name in a=name in b"',
        );
      }
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );

/** `portolan verify`: exit 0 if what is compared is equivalent, 1 if not or if b could not be run. */
export const verify = async (
  a: string | undefined,
  b: string | undefined,
  { save, ...options }: Options,
): Promise<number> => {
  const { data } = options;
  if (data !== undefined && isFolder(data)) {
    if (save !== undefined) fail('usage/save', '--save writes rows as test data; --data is that already');
    return verifyRecorded(
      data,
      [a, b].filter((file) => file !== undefined),
      options,
    );
  }
  if (a === undefined || (b === undefined && save === undefined)) {
    return fail(
      'usage/missing-argument',
      `there is ${a === undefined ? 'nothing' : 'only one model'} to compare`,
      undefined,
      'name two models, or a folder of recorded test data with --data',
    );
  }
  if (save !== undefined) await saveDataSet(a, b, save, options);
  return b === undefined ? 0 : verifyPair(a, b, options);
};

const verifyPair = async (a: string, b: string, options: Omit<Options, 'save'>): Promise<number> => {
  const { report: reports = [], json, map, ...rest } = options;
  checkReports(reports, [a, b, ...(options.data === undefined ? [] : [options.data])]);
  const model = await read(a);
  const source = sourceFacts(model);
  const bar = new Progress('verify');
  const verification = await verifyModels(model, b, {
    ...rest,
    ...(map && { map: mapping(map) }),
    names: { a: baseName(a), b: baseName(b) },
    progress: (done, all) => bar.at(done / all),
  }).finally(() => bar.end());
  if (!json) {
    step('read', printable(`${a}   ${source.summary}`));
    explainStructure(verification);
    explainVerification(verification);
  }
  const report = await makeReport({ model, source, verification });
  if (json) say(JSON.stringify(report, null, 2));
  writeReports(report, reports, json);
  explain(model.diagnostics);
  return verification.equivalent ? 0 : 1;
};
