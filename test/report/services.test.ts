/** SARIF and JUnit: what code-scanning services and build servers count. */
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { renderFor } from '../../src/report/render.ts';
import type { Report } from '../../src/report/report.ts';
import { fullReport, readReport } from './reports.ts';

const notExecuted = (): Report => {
  const report = fullReport();
  return {
    ...report,
    verdict: { status: 'not executed', sentence: 'audit.onnx could not be run here.' },
    verification: report.verification && {
      ...report.verification,
      executed: false,
      why: 'onnx cannot be run here',
      columns: [],
      unmatched: [],
    },
    examples: null,
  };
};

describe('SARIF', () => {
  const sarif = (r: Report) => JSON.parse(renderFor('x.sarif')(r));

  it('has a result for each loss, diagnostic and differing column, and a rule for each', () => {
    const log = sarif(fullReport());
    expect(log.version).toBe('2.1.0');
    const [run] = log.runs;
    expect(run.tool.driver).toMatchObject({ name: 'portolan', version: '0.1.0' });
    const found = run.results.map((r: { ruleId: string; level: string }) => [r.ruleId, r.level]);
    expect(found).toEqual([
      ['verify/unmatched', 'error'],
      ['verify/different', 'error'],
      ['verify/examples', 'error'],
      ['narrow/float32', 'warning'],
      ['pmml/output-name', 'warning'],
      ['pmml/extension', 'note'],
    ]);
    const rules = run.tool.driver.rules.map((r: { id: string }) => r.id);
    expect(rules).toEqual([...new Set(found.map(([id]: [string]) => id))].sort());
  });

  it('names the line where the place has one', () => {
    const loss = sarif(fullReport()).runs[0].results[3];
    const { physicalLocation } = loss.locations[0];
    expect(physicalLocation.artifactLocation.uri).toBe('income.pmml');
    expect(physicalLocation.region).toEqual({ startLine: 29 });
    expect(loss.message.text).toBe('the sums of income are float32 (ask for --precision float64)');
  });

  it('a file’s name is a URI', () => {
    const [file] = sarif(fullReport('a b#c')).runs[0].artifacts;
    expect(file.location.uri).toBe('a%20b%23c.pmml');
  });

  it('without findings there are no results', () => {
    expect(sarif(readReport()).runs[0].results).toEqual([]);
  });

  it('what was not run is a finding', () => {
    const [first] = sarif(notExecuted()).runs[0].results;
    expect([first.ruleId, first.level, first.message.text]).toEqual([
      'verify/not-executed',
      'error',
      'onnx cannot be run here',
    ]);
  });
});

describe('JUnit', () => {
  interface Read {
    readonly suite: Record<string, string>;
    readonly cases: { name: string; outcome: string; message: string }[];
  }

  const junit = (r: Report): Read => {
    let suite = {};
    const cases: Read['cases'] = [];
    const parser = new SaxesParser();
    parser.on('opentag', ({ name, attributes }) => {
      const a = attributes as Record<string, string>;
      if (name === 'testsuite') suite = a;
      else if (name === 'testcase') cases.push({ name: a.name ?? '', outcome: 'passed', message: '' });
      else if (name === 'failure' || name === 'skipped') {
        Object.assign(cases.at(-1) ?? {}, { outcome: name, message: a.message ?? '' });
      }
    });
    parser.write(renderFor('x.xml')(r)).close();
    return { suite, cases };
  };

  it('has a test case an output column, and one for the source’s own examples', () => {
    const { suite, cases } = junit(fullReport());
    expect(cases).toEqual([
      {
        name: "output 'income' only on the second side",
        outcome: 'failure',
        message: 'stands on one side only',
      },
      { name: 'label income', outcome: 'passed', message: '' },
      { name: 'probability(income)', outcome: 'passed', message: '' },
      { name: 'score', outcome: 'failure', message: '3 of 12,345 rows differ' },
      { name: 'the source’s own examples', outcome: 'failure', message: '1 of 8 values differ' },
    ]);
    expect(suite).toMatchObject({ tests: '5', failures: '3', errors: '0', skipped: '0' });
  });

  it('what was not run has not passed', () => {
    expect(junit(notExecuted()).cases).toEqual([
      { name: 'audit.onnx', outcome: 'failure', message: 'onnx cannot be run here' },
    ]);
  });

  it('what was not asked is skipped', () => {
    const { suite, cases } = junit(readReport());
    expect(cases.map((c) => c.outcome)).toEqual(['skipped']);
    expect(suite).toMatchObject({ tests: '1', failures: '0', skipped: '1' });
  });
});
