import { AtomicFiles, sameFile } from '../files/atomic.ts';
import { fail } from '../ir/diagnostic.ts';
import { renderFor } from '../report/render.ts';
import type { Report } from '../report/report.ts';
import { step } from './terminal.ts';

const encoder = new TextEncoder();

/** Checks before the work begins that every report can be written as its ending asks, and over no input. */
export const checkReports = (files: readonly string[], inputs: readonly string[]): void => {
  for (const file of files) {
    renderFor(file);
    for (const input of inputs) {
      if (sameFile(file, input))
        fail('report/overwrites-input', 'a report never replaces an input', { file, at: '' });
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
  if (!quiet) for (const file of files) step('report', file);
};
