/** JUnit XML, as build servers read it: one test case an output column, and one for the source's own examples. */
import { printable } from '../ir/diagnostic.ts';
import { toolVersion } from '../version.ts';
import { histogramInWords } from './facts.ts';
import { grouped, type Report } from './report.ts';

/** Printable, and in XML 1.0's alphabet: no halves of surrogate pairs, no U+FFFE and U+FFFF. */
const quoted = (s: string): string =>
  printable(s)
    .replace(/\p{Cs}|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');

interface Case {
  readonly name: string;
  /** Why it failed, in a line, and in full. */
  readonly failure?: readonly [string, string];
  /** Why nothing was tried. */
  readonly skipped?: string;
}

const casesOf = ({ verification: v, examples, verdict, artifact, source }: Report): Case[] => {
  const cases: Case[] = [];
  if (!v?.executed) {
    // What was not run has not passed.
    const failure = v ? { failure: [v.why ?? 'not executed', verdict.sentence] as const } : {};
    cases.push({ name: artifact?.name ?? source.name, ...failure, ...(!v && { skipped: verdict.sentence }) });
  } else {
    if (v.why !== undefined) cases.push({ name: v.b.name, failure: [v.why, verdict.sentence] });
    for (const u of v.unmatched) cases.push({ name: u, failure: ['stands on one side only', u] });
    for (const c of v.columns) {
      if (c.different === 0) cases.push({ name: c.column });
      else {
        const worst =
          v.worst?.column === c.column
            ? `worst: ${v.worst.source} row ${v.worst.index}: ${v.worst.a ?? '(missing)'} against ${v.worst.b ?? '(missing)'}; ${v.worst.reproduce}`
            : '';
        cases.push({
          name: c.column,
          failure: [
            `${grouped(c.different)} of ${grouped(c.rows)} rows differ`,
            [`allowed: ${c.allowed}`, histogramInWords(c), worst].filter(Boolean).join('; '),
          ],
        });
      }
    }
  }
  if (examples) {
    const name = 'the source’s own examples';
    if (examples.failed === 0) cases.push({ name });
    else {
      const message = `${grouped(examples.failed)} of ${grouped(examples.values)} values differ`;
      cases.push({ name, failure: [message, examples.firstFailure ?? ''] });
    }
  }
  return cases;
};

export const renderJunit = (report: Report): string =>
  render(
    report.tool,
    report.artifact ? `${report.source.name} as ${report.artifact.name}` : report.source.name,
    casesOf(report),
  );

/** Recorded cases, one test case each. */
export const renderCases = (
  suite: string,
  results: readonly { readonly name: string; readonly verdict: string; readonly why?: string }[],
): string =>
  render(
    `portolan ${toolVersion}`,
    suite,
    results.map(({ name, verdict, why = '' }) =>
      verdict === 'equal' ? { name } : { name, failure: [verdict, why] },
    ),
  );

const render = (tool: string, name: string, cases: readonly Case[]): string => {
  const suite = quoted(name);
  const counts = `tests="${cases.length}" failures="${cases.filter((c) => c.failure).length}" errors="0" skipped="${cases.filter((c) => c.skipped).length}"`;
  const lines = cases.map(({ name: test, failure, skipped }) => {
    const head = `    <testcase classname="${suite}" name="${quoted(test)}"`;
    if (failure) {
      return `${head}>\n      <failure message="${quoted(failure[0])}">${quoted(failure[1])}</failure>\n    </testcase>`;
    }
    return skipped === undefined
      ? `${head}/>`
      : `${head}>\n      <skipped message="${quoted(skipped)}"/>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${quoted(tool)}" ${counts}>`,
    `  <testsuite name="${suite}" ${counts}>`,
    ...lines,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
};
