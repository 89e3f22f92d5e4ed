import { read } from '../api/read.ts';
import { makeReport } from '../api/report.ts';
import { renderTerminal } from '../report/terminal.ts';
import { checkReports, writeReports } from './reports.ts';
import { explain, say } from './terminal.ts';

interface Options {
  report?: string[];
  json?: boolean;
}

/** `portolan report`: what the model is and where it can go; nothing is written but the report. */
export const reportOn = async (file: string, { report: files = [], json }: Options): Promise<number> => {
  checkReports(files, [file]);
  const model = await read(file);
  const report = await makeReport({ model });
  if (json) say(JSON.stringify(report, null, 2));
  else if (files.length === 0) process.stdout.write(renderTerminal(report));
  writeReports(report, files, json);
  explain(model.diagnostics);
  return 0;
};
