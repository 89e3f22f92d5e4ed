/**
 * Documents with one thing wrong: an element gone or twice, an attribute gone, another number, another name, a cut.
 * Each is either a whole model whose rows are scored to the end, or refused with a rule, the file and the line. And what
 * the schema does not allow is not taken without a word, but for what is known to mean the same.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reader } from '../../converters/pmml/reader.ts';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { memorySource } from '../../src/files/source.ts';
import { PortolanError } from '../../src/ir/diagnostic.ts';
import { check } from '../../src/ir/verifier.ts';
import { unbind } from '../../src/rows/unbind.ts';
import { rowsFor } from '../converters/pmml/arbitraryRows.ts';
import { corpora } from '../converters/pmml/corpus.ts';
import { dice, type Mutant, mutant, partsOf } from '../converters/pmml/mutants.ts';
import { violations } from '../converters/pmml/schema.ts';

/** By its name, so that a further document changes none of the others' edits. */
const seedOf = (name: string): number => {
  let hash = 20261122;
  for (const c of name) hash = Math.imul(hash ^ (c.codePointAt(0) as number), 0x01000193) >>> 0;
  return hash;
};

const most = 60_000;
const documents = ['fixtures/pmml', `${corpora}/pmml-real-tools`, `${corpora}/pmml-spec-examples`]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((f) => /\.(pmml|xml)$/.test(f))
      .sort()
      .map((f) => join(folder, f)),
  )
  .map((file) => ({ file, text: readFileSync(file, 'utf8'), seed: seedOf(file) }))
  .filter(({ text }) => text.length < most);

const file = 'mutant.pmml';
const rows = 5;

type Outcome = 'refused' | 'noted' | 'silent';

/** What becomes of a mutant; throws where it is neither refused as it must be nor scored to the end. */
const outcome = ({ text }: Mutant, before: ReadonlySet<string>): Outcome => {
  let read: ReturnType<typeof reader.read>;
  try {
    read = reader.read(memorySource(file, Buffer.from(text)));
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
    const { rule, at } = error.diagnostic;
    expect(rule).toMatch(/^[a-z]+(-[a-z]+)*\/[a-z]+(-[a-z]+)*$/);
    expect(at?.file).toBe(file);
    expect(at?.at).toMatch(/^\d+(:\d+)?$/);
    return 'refused';
  }
  const { model, diagnostics } = read;
  expect(check(model)).toEqual([]);
  const results = unbind(evaluator(model).run(rowsFor(model, rows)), model.fields);
  for (const cells of results.columns.values()) expect(cells.length).toBeLessThanOrEqual(Math.max(rows, 3));
  return diagnostics.some((d) => !before.has(d.message)) ? 'noted' : 'silent';
};

/** What is said of a document as it is; null: it is refused. */
const notes = (text: string): ReadonlySet<string> | null => {
  try {
    const { diagnostics } = reader.read(memorySource(file, Buffer.from(text)));
    return new Set(diagnostics.map((d) => d.message));
  } catch {
    return null;
  }
};

describe('one edit', () => {
  it('is a model, or refused in its place', { timeout: 300_000 }, () => {
    expect(documents.length).toBeGreaterThan(200);
    const counts: Record<Outcome, number> = { refused: 0, noted: 0, silent: 0 };
    for (const document of documents) {
      if (document.seed % 2 === 0) continue;
      const parts = partsOf(document.text);
      const before = notes(document.text);
      if (parts.length < 2 || before === null) continue;
      const d = dice(document.seed);
      for (let n = 0; n < 3; n++) {
        const m = mutant(document.text, parts, d);
        if (!m) continue;
        const started = process.cpuUsage();
        try {
          counts[outcome(m, before)]++;
        } catch (error) {
          throw new Error(`${document.file}: ${m.edit}`, { cause: error });
        }
        const { user, system } = process.cpuUsage(started);
        expect([m.edit, user + system < 2_000_000]).toEqual([m.edit, true]);
      }
    }
    // All three happen, or the edits are not what they are meant to be.
    expect(counts.refused).toBeGreaterThan(150);
    expect(counts.noted).toBeGreaterThan(10);
    expect(counts.silent).toBeGreaterThan(80);
  });
});

/** What the schema says against a mutant that was taken without a word, and why that is right. */
const harmless: readonly RegExp[] = [
  // An Extension is for anything: what is called one is none of the reader's business.
  /^Element '(\{[^}]*\})?Extension'/,
  // The text of an attribute that is told to people, or that counts something else than what is computed.
  /attribute '(?!(value|coefficient|weight|field|operator|name|type)')[\w-]+': .*is not a valid value/,
  /attribute '[\w-]+': \[facet/,
  // Documents without a namespace are old, and known by their names.
  /No matching global declaration/,
  // A table's row may have any cells.
  /^Element '(\{[^}]*\})?row'/,
];

describe('what the schema does not allow', () => {
  it('is told or refused, but for what is known to be harmless', { timeout: 300_000 }, () => {
    let invalid = 0;
    const silent: string[] = [];
    for (const document of documents) {
      // Of 4.4 alone is the schema.
      if (!document.text.includes('PMML-4_4') || document.seed % 4 !== 0) continue;
      const before = notes(document.text);
      if (before === null || violations(Buffer.from(document.text)).length > 0) continue;
      const parts = partsOf(document.text);
      const d = dice(document.seed + 1);
      for (let n = 0; n < 5; n++) {
        const m = mutant(document.text, parts, d);
        if (!m || m.edit === 'cut' || m.edit === 'another character') continue;
        if (outcome(m, before) !== 'silent') continue;
        const [said] = violations(Buffer.from(m.text));
        if (said === undefined) continue;
        invalid++;
        if (!harmless.some((h) => h.test(said))) silent.push(`${document.file}: ${m.edit}: ${said.trim()}`);
      }
    }
    expect(silent).toEqual([]);
    expect(invalid).toBeLessThan(60);
  });
});
