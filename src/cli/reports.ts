import { AtomicFiles, sameFile } from '../files/atomic.ts';
import { fail, printable } from '../ir/diagnostic.ts';
import { renderFor } from '../report/render.ts';
import type { Report } from '../report/report.ts';
import { step } from './terminal.ts';

const encoder = new TextEncoder();

/** What is read is never replaced by what is written: refused before the work begins. */
export const refuseOverwriting = (output: string, inputs: readonly string[]): void => {
  for (const input of inputs) {
    if (!sameFile(output, input)) continue;
    fail(
      'file/overwrites-input',
      `this would replace ${input}, which is read`,
      { file: output, at: '' },
      'write to another file',
    );
  }
};

/** Checks before the work begins that every report can be written as its ending asks, and over no input. */
export const checkReports = (files: readonly string[], others: readonly string[]): void => {
  for (const [i, file] of files.entries()) {
    renderFor(file);
    refuseOverwriting(file, others);
    if (files.slice(0, i).some((f) => sameFile(f, file))) {
      fail('report/twice', 'two reports cannot stand in one file', { file, at: '' }, 'name another file');
    }
  }
};

/** Writes the reports: all of them, or none. `quiet` when stdout carries JSON. */
export const writeReports = (report: Report, files: readonly string[], quiet = false): void => {
  const pending = new AtomicFiles();
  try {
    for (const file of files) pending.add(file, [encoder.encode(renderFor(file)(report))]);
    pending.commit();
  } finally {
    pending.discard();
  }
  if (!quiet) for (const file of files) step('report', printable(file));
};
