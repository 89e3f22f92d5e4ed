/** The library as its README shows it. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Artifact,
  makeReport,
  PortolanError,
  read,
  renderHtml,
  save,
  score,
  tableOf,
  verify,
  write,
} from '../../src/index.ts';
import { Folder, fixture } from '../cli/portolan.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const forest = fixture('pmml/random-forest/model.pmml');
const rows = fixture('pmml/random-forest/input.csv');
const tree = fixture('pmml/spec/tree-none/model.pmml');

/** The rule that a promise is refused with. */
const ruleOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (e: unknown) => (e instanceof PortolanError ? e.diagnostic.rule : String(e)),
  );

describe('the example of the README', () => {
  it.each(['onnx', 'javascript'])('reads, writes as %s and verifies', async (to) => {
    const model = await read(forest);
    const artifact = await write(model, { to, precision: 'float64' });
    const { equivalent, columns, rows: tried } = await verify(model, artifact, { data: rows });
    expect(equivalent).toBe(true);
    expect(columns.map((c) => c.column).sort()).toEqual([
      'outcome',
      'probability(defaulted)',
      'probability(repaid)',
    ]);
    expect(tried.given).toBe(500);
  });

  it('in the README it stands as it is run here', () => {
    const readme = readFileSync(fixture('../README.md'), 'utf8');
    expect(readme).toContain("import { read, verify, write } from 'portolan';");
    expect(readme).toContain("await write(model, { to: 'onnx', precision: 'float64' })");
    expect(readme).toContain('const { equivalent, columns } = await verify(model, artifact, {');
  });
});

describe('score', () => {
  it('takes a table in memory', async () => {
    const model = await read(tree);
    const { results, diagnostics } = await score(model, tableOf([['x', [3, 9, null]]], 'rows of a caller'));
    expect([...results.columns]).toEqual([['y', ['a', 'b', null]]]);
    expect(diagnostics.map((d) => d.rule)).toEqual(['score/missing-results']);
  });

  it('names the caller’s table where a column is missing', async () => {
    const model = await read(tree);
    expect(await ruleOf(score(model, tableOf([['z', [1]]], 'rows of a caller')))).toBe('rows/missing-column');
  });
});

describe('save', () => {
  it('says the bytes and the digest of what stands there', async () => {
    const artifact = await write(await read(tree), { to: 'javascript' });
    const { bytes, sha256 } = save(artifact, folder.file('tree.mjs'));
    expect(bytes).toBe(readFileSync(folder.file('tree.mjs')).length);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(folder.names).toEqual(['tree.d.mts', 'tree.mjs']);
  });

  it('leaves nothing and changes nothing where writing breaks off', async () => {
    const own = new Folder();
    own.write('m.mjs', 'what stood there');
    const artifact = await write(await read(tree), { to: 'javascript' });
    const [first] = artifact.files;
    const broken: Artifact = {
      ...artifact,
      files: [
        { suffix: '', chunks: () => first?.chunks() ?? [] },
        {
          suffix: '.d.ts',
          *chunks() {
            yield new Uint8Array(10);
            throw new Error('the writer has a fault');
          },
        },
      ],
    };
    expect(() => save(broken, own.file('m.mjs'))).toThrow('the writer has a fault');
    expect(own.names).toEqual(['m.mjs']);
    expect(own.read('m.mjs')).toBe('what stood there');
    own.remove();
  });
});

describe('what is asked wrongly', () => {
  it.each([
    ['a format that is not known', async () => write(await read(tree), { to: 'cobol' }), 'format/no-writer'],
    ['a format that is none', async () => write(await read(tree), { to: '__proto__' }), 'format/no-writer'],
    ['no such file', () => read(folder.file('nowhere')), 'file/unreadable'],
    [
      'predictions without rows',
      () => verify(forest, fixture('pmml/random-forest/expected.csv')),
      'verify/no-rows',
    ],
  ])('%s', async (_, work, rule) => {
    expect(await ruleOf(work())).toBe(rule);
  });
});

describe('a fault in a writer', () => {
  it('is found: one threshold, one leaf, one label', async () => {
    const model = await read(tree);
    const artifact = await write(model, { to: 'javascript' });
    const [main, ...others] = artifact.files;
    const source = Buffer.concat([...(main?.chunks() ?? [])]).toString();
    const faulty = (text: string): Artifact => ({
      ...artifact,
      files: [{ suffix: '', chunks: () => [new TextEncoder().encode(text)] }, ...others],
    });
    expect((await verify(model, faulty(source))).equivalent).toBe(true);
    const thresholds = [...source.matchAll(/(?<![\w.])5(?![\w.])/g)];
    expect(thresholds.length).toBeGreaterThan(0);
    let found = 0;
    for (const { index } of thresholds) {
      const text = `${source.slice(0, index)}5.000000000000001${source.slice(index + 1)}`;
      const verification = await verify(model, faulty(text));
      if (verification.equivalent) continue;
      found++;
      expect(verification.worst?.inputs.x).toBe(5.000000000000001);
      const report = await makeReport({ model, verification });
      expect(report.verdict.status).toBe('different');
      expect(renderHtml(report)).toContain('does NOT compute');
    }
    expect(found).toBeGreaterThan(0);
  });
});
