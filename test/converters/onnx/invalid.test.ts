/**
 * fixtures/onnx-invalid: models that are not sound, made by Python, each with the rule it breaks, the place, and what
 * onnx's own checker says. And the other way round: what is sound has no finding at all.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findingsOf } from '../../../converters/onnx/check.ts';
import { decode } from '../../../converters/onnx/decode.ts';
import { externalFiles } from '../../../converters/onnx/external.ts';
import { reader } from '../../../converters/onnx/reader.ts';
import { memorySource, openSource } from '../../../src/files/source.ts';
import type { Source } from '../../../src/ir/converter.ts';
import { type Diagnostic, PortolanError } from '../../../src/ir/diagnostic.ts';
import { readCases } from '../../ops/onnx/cases.ts';
import { fixtureFile, fixtures, thrown } from './models.ts';

interface Row {
  readonly case: string;
  /** null: sound. */
  readonly rule: string | null;
  readonly severity: 'error' | 'warning';
  /** null: anywhere. */
  readonly at: string | null;
  /** `accepted`, or what it says. */
  readonly onnx: string;
  /** Who is right, where onnx says otherwise. */
  readonly why?: string;
}

const invalid = (file: string): string => fixtureFile(`../onnx-invalid/${file}`);
const rows: readonly Row[] = JSON.parse(readFileSync(invalid('cases.json'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'portolan-invalid-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
execFileSync('tar', ['-xzf', invalid('cases.tar.gz'), '-C', folder]);
const open = (name: string) => openSource(join(folder, name, 'model.onnx'));

const found = (source: Source): readonly Diagnostic[] => {
  try {
    return findingsOf(decode(source, 'ModelProto'), source.name, externalFiles(source), { exact: true });
  } catch (error) {
    if (error instanceof PortolanError) return [error.diagnostic];
    throw error;
  }
};

describe('models that are not sound', () => {
  const broken = rows.filter((r) => r.rule !== null && r.severity === 'error');

  test.each(broken)('$case: $rule', (row) => {
    const source = open(row.case);
    const before = performance.now();
    const { diagnostic } = thrown(() => reader.read(source));
    // The quick check of the reader and the exact one before a native runtime come to the same, where it is theirs to say.
    const [exact = diagnostic] = found(source).filter((d) => d.severity === 'error');
    expect(performance.now() - before).toBeLessThan(2000);
    for (const said of [diagnostic, exact]) {
      expect([said.rule, said.at?.file]).toEqual([row.rule, source.name]);
      if (row.at !== null) expect(said.at?.at).toBe(row.at);
    }
  });

  test('where onnx says otherwise, the list says who is right', () => {
    const differ = rows.filter((r) => (r.onnx === 'accepted') !== (r.rule === null));
    expect(differ.filter((r) => !r.why).map((r) => r.case)).toEqual([]);
    console.log(`${rows.length} models; onnx says otherwise of ${differ.length}`);
  });

  test('all that is wrong is told, but not more than a hundred faults', () => {
    expect(found(open('wire-a-million-nodes'))).toHaveLength(100);
    expect(found(open('outputs-too-many')).map((d) => d.rule)).toEqual(['onnx/output-count']);
    expect(found(open('attribute-unknown')).map((d) => d.help)).toEqual([
      'remove it, or import the opset that has it',
    ]);
  });
});

describe('models that say less than they should', () => {
  test.each(rows.filter((r) => r.severity === 'warning'))('$case: $rule', ({ case: name, rule, at }) => {
    const source = open(name);
    const warnings = found(source).map((d) => [d.severity, d.rule, d.at?.at]);
    expect(warnings).toEqual([['warning', rule, at]]);
    const { diagnostics } = reader.read(source);
    expect(diagnostics.map((d) => [d.severity, d.rule, d.at?.at])).toContainEqual(['warning', rule, at]);
  });
});

describe('models that are sound have no finding', () => {
  test.each(rows.filter((r) => r.rule === null))('$case', ({ case: name }) => {
    expect(found(open(name))).toEqual([]);
  });

  test("every case of the standard's own", () => {
    const cases = readCases();
    const wrong = cases.flatMap(({ path, model }) =>
      found(memorySource(path, model)).map((d) => `${path}: ${d.rule} ${d.message}`),
    );
    expect(wrong).toEqual([]);
    console.log(`${cases.length} models of the standard have no finding`);
  });

  test.each([...fixtures, 'mlp-external-data'])('%s', (name) => {
    expect(found(openSource(fixtureFile(`${name}/model.onnx`)))).toEqual([]);
  });
});
