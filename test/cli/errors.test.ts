/**
 * Everything that can be wrong with the input or the request: exit code 2, one located line with its rule and one with
 * help on stderr, nothing on stdout, no stack trace, and nothing left in the folder that was not there before.
 */
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Folder, fixture, type Outcome, portolan, spawned } from './portolan.ts';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

const forest = fixture('pmml/random-forest/model.pmml');
const forestRows = fixture('pmml/random-forest/input.csv');
const tree = fixture('pmml/spec/tree-none/model.pmml');
const network = fixture('onnx/mlp/model.onnx');

/** The rule and the place of the one error told; fails where the manners do. */
const refused = ({ code, out, err }: Outcome): { rule: string; line: string } => {
  expect([code, out]).toEqual([2, '']);
  const [line = '', help = '', ...rest] = err.trimEnd().split('\n');
  const rule = /^error\[([a-z0-9]+(?:-[a-z0-9]+)*\/[a-z0-9]+(?:-[a-z0-9]+)*)\] ./.exec(line)?.[1] ?? '';
  expect([rule !== '', line]).toEqual([true, line]);
  expect(help).toMatch(/^ {2}\S/);
  expect(rest).toEqual([]);
  expect(err).not.toMatch(/^ +at /m);
  expect(rule).not.toBe('portolan/internal');
  return { rule, line };
};

describe('a model that is none', () => {
  const commands: [string, (model: string) => string[]][] = [
    ['inspect', (m) => ['inspect', m]],
    ['convert', (m) => ['convert', m, folder.file('out.onnx'), '--report', folder.file('r.html')]],
    ['score', (m) => ['score', m, '--data', forestRows, '--out', folder.file('out.csv')]],
    ['verify', (m) => ['verify', m, tree]],
    ['verify b', (m) => ['verify', tree, m]],
    ['report', (m) => ['report', m, '--report', folder.file('r.md')]],
  ];

  it.each(commands)('%s', async (_, args) => {
    const text = readFileSync(tree, 'utf8');
    mkdirSync(folder.file('folder'));
    const cases: [string, string][] = [
      [folder.file('nowhere.pmml'), 'file/unreadable'],
      [folder.file('folder'), 'file/not-a-file'],
      [folder.write('empty.pmml', ''), 'format/empty'],
      [folder.write('text.txt', 'This is no model.\n'), 'format/unknown'],
      [
        folder.write(
          'noise.bin',
          Uint8Array.from({ length: 999 }, (_, i) => (i * 7919) & 255),
        ),
        '',
      ],
      [folder.write('doctype.pmml', text.replace('<PMML', '<!DOCTYPE PMML [<!ENTITY a "b">]>\n<PMML')), ''],
      [folder.write('cut.pmml', text.slice(0, text.length >> 1)), ''],
    ];
    const before = folder.names;
    for (const [file, expected] of cases) {
      const { rule, line } = refused(await portolan(...args(file)));
      if (expected) expect([file, rule]).toEqual([file, expected]);
      expect(line).toContain(file);
      expect(folder.names).toEqual(before);
    }
  });

  it('a document cut anywhere is refused, never half read', async () => {
    const text = readFileSync(tree, 'utf8').trimEnd();
    for (let at = 1; at < text.length; at += 37) {
      const cut = folder.write('cut.pmml', text.slice(0, at));
      refused(await portolan('inspect', cut));
    }
    refused(await portolan('inspect', folder.write('cut.pmml', text.slice(0, -1))));
  });

  it('a large document cut at twenty places', async () => {
    const bytes = readFileSync(forest);
    for (let i = 1; i <= 20; i++) {
      const cut = folder.write('cut.pmml', bytes.subarray(0, Math.floor((bytes.length * i) / 21)));
      refused(await portolan('inspect', cut));
    }
  });

  it('an ONNX file cut anywhere is refused, or is a whole model', async () => {
    const bytes = readFileSync(network);
    let refusals = 0;
    for (let at = 1; at < bytes.length; at += 7) {
      const outcome = await portolan('inspect', folder.write('cut.onnx', bytes.subarray(0, at)));
      if (outcome.code === 0) continue;
      refused(outcome);
      refusals++;
    }
    // Fields of protobuf may be left out at the end: only few cuts fall between them, and none leaves the graph.
    expect(refusals).toBeGreaterThanOrEqual(Math.floor(bytes.length / 7) - 3);
  });

  it('DOCTYPE is refused by name', async () => {
    const text = readFileSync(tree, 'utf8').replace('<PMML', '<!DOCTYPE PMML SYSTEM "http://x/y">\n<PMML');
    const { line } = refused(await portolan('inspect', folder.write('m.pmml', text)));
    expect(line).toMatch(/\[xml\/doctype\] .*m\.pmml:2: a document type declaration is not allowed/);
  });
});

describe('rows', () => {
  it.each([
    ['no such file', undefined, 'file/unreadable'],
    ['empty', '', 'rows/csv-header'],
    ['a column missing', 'z\n1\n', 'rows/missing-column'],
    ['a cell that is no number', 'x\n1\ntwo\n', 'rows/unparsable-cell'],
    ['too many cells', 'x\n1\n2,3\n', 'rows/csv-width'],
    ['a quote never closed', 'x\n"1\n', 'rows/csv-quote'],
    ['two columns of one name', 'x,x\n1,2\n', 'rows/duplicate-column'],
  ])('%s', async (_, text, expected) => {
    const data = text === undefined ? folder.file('nowhere.csv') : folder.write('rows.csv', text);
    const before = folder.names;
    for (const args of [
      ['score', tree, '--out', folder.file('scored.csv')],
      ['convert', tree, folder.file('m.onnx'), '--report', folder.file('r.md')],
      ['verify', tree, tree],
    ]) {
      const { rule, line } = refused(await portolan(...args, '--data', data));
      expect([args[0], rule]).toEqual([args[0], expected]);
      expect(line).toContain(data);
      expect(folder.names).toEqual(before);
    }
  });

  it('the cell is named by its line and column', async () => {
    const { line } = refused(
      await portolan('score', tree, '--data', folder.write('r.csv', 'x\n1\n2\ntwo\n')),
    );
    expect(line).toMatch(/r\.csv:.*\b4\b/);
    expect(line).toMatch(/'x'|two/);
  });

  it('broken JSON Lines', async () => {
    const { rule } = refused(
      await portolan('score', tree, '--data', folder.write('r.jsonl', '{"x":1}\n{"x":\n')),
    );
    expect(rule).toMatch(/^rows\//);
  });
});

describe('usage', () => {
  it.each([
    [['frobnicate'], 'usage/unknown-command'],
    [['inspect'], 'usage/missing-argument'],
    [['inspect', 'a', 'b'], 'usage/excess-arguments'],
    [['inspect', 'a', '--frobnicate'], 'usage/unknown-option'],
    [['convert', 'a', 'b', '--opset', 'x'], 'usage/invalid-argument'],
    [['convert', 'a', 'b', '--opset', '1.5'], 'usage/invalid-argument'],
    [['convert', 'a', 'b', '--opset'], 'usage/option-missing-argument'],
    [['convert', 'a', 'b', '--precision', 'float8'], 'usage/invalid-argument'],
    [['convert', 'a', 'b', '--to', 'cobol'], 'usage/invalid-argument'],
    [['score', 'a'], 'usage/missing-mandatory-option-value'],
    [['score', 'a', '--data', 'b', '--engine', 'magic'], 'usage/invalid-argument'],
    [['verify', 'a', 'b', '--rtol', '-1'], 'usage/invalid-argument'],
    [['verify', 'a', 'b', '--ulp', '0.5'], 'usage/invalid-argument'],
    [['inspect', 'a', '--\u001b[31m\n::error::x'], 'usage/unknown-option'],
  ])('%j', async (args, expected) => {
    const outcome = await portolan(...args);
    const { rule } = refused(outcome);
    expect(rule).toBe(expected);
    expect(outcome.err).not.toContain('\u001b');
    expect(outcome.err).not.toMatch(/^\s*::/m);
  });

  it.each([
    ['--opset', '999', 'onnx/opset'],
    ['--opset', '3', 'onnx/opset'],
  ])('convert %s %s', async (option, value, expected) => {
    const { rule } = refused(await portolan('convert', tree, folder.file('m.onnx'), option, value));
    expect(rule).toBe(expected);
    expect(folder.names).toEqual([]);
  });

  it('delimiters that are none', async () => {
    for (const d of ['', 'ab', '"', '.']) {
      refused(await portolan('score', tree, '--data', folder.write('r.csv', 'x\n1\n'), '--delimiter', d));
    }
  });
});

describe('what is written', () => {
  it.each([
    ['an artifact without a known ending', ['m.xyz'], 'format/ending'],
    ['a report without a known ending', ['m.onnx', '--report', 'r.pdf'], 'report/ending'],
    ['a report without an ending', ['m.onnx', '--report', 'report'], 'report/ending'],
    ['two reports in one file', ['m.onnx', '--report', 'r.md', '--report', './r.md'], 'report/twice'],
    ['a report over the artifact', ['r.md', '--to', 'onnx', '--report', 'r.md'], 'file/overwrites-input'],
    ['into a folder that is not there', ['no/where/m.onnx'], 'file/unwritable'],
    ['onto a folder', ['folder', '--to', 'onnx'], 'file/unwritable'],
  ])('%s', async (_, args, expected) => {
    mkdirSync(folder.file('folder'));
    const at = (a: string): string => (/^(--|onnx$)/.test(a) ? a : `${folder.path}/${a}`);
    const { rule } = refused(await portolan('convert', tree, ...args.map(at)));
    expect(rule).toBe(expected);
    expect(folder.names).toEqual(['folder']);
  });

  it('a report that cannot be written', async () => {
    mkdirSync(folder.file('r.md'));
    const { code } = await portolan('report', tree, '--report', folder.file('r.md'));
    expect(code).toBe(2);
    expect(folder.names).toEqual(['r.md']);
  });

  it('never over what is read: the model, the rows, by another name too', async () => {
    const model = folder.copy(tree, 'model.onnx');
    const data = folder.write('rows.csv', 'x\n1\n');
    symlinkSync(model, folder.file('link.onnx'));
    const before = folder.names;
    const kept = [folder.read('model.onnx'), folder.read('rows.csv')];
    for (const args of [
      ['convert', model, model],
      ['convert', model, folder.file('link.onnx')],
      ['convert', model, data, '--to', 'onnx', '--data', data],
      ['score', model, '--data', data, '--out', data],
      ['score', model, '--data', data, '--out', model],
    ]) {
      const { rule } = refused(await portolan(...args));
      expect([args.join(' '), rule]).toEqual([args.join(' '), 'file/overwrites-input']);
    }
    const asReport = folder.copy(tree, 'model.xml');
    for (const args of [
      ['convert', asReport, folder.file('a.onnx')],
      ['report', asReport],
      ['verify', asReport, tree],
    ]) {
      refused(await portolan(...args, '--report', asReport));
    }
    expect(folder.names).toEqual([...before, 'model.xml'].sort());
    expect([folder.read('model.onnx'), folder.read('rows.csv')]).toEqual(kept);
    expect(folder.read('model.xml')).toBe(readFileSync(tree, 'utf8'));
  });

  it('a folder that may not be written', async () => {
    mkdirSync(folder.file('locked'));
    chmodSync(folder.file('locked'), 0o500);
    const outcome = await portolan('convert', tree, folder.file('locked/m.onnx'));
    chmodSync(folder.file('locked'), 0o700);
    // The superuser may write everywhere.
    if (process.getuid?.() === 0) expect(outcome.code).toBe(0);
    else expect(refused(outcome).rule).toBe('file/unwritable');
  });
});

describe('as a process', () => {
  it('ends with 2 and one error, without a trace', () => {
    refused(spawned(['convert', folder.file('nowhere.pmml'), folder.file('m.onnx')]));
  });

  it('names from a hostile file give the terminal and the build server no commands', () => {
    const name = '\u001b[31mred&#10;::error::forged &#10;##[error]x';
    const text = readFileSync(tree, 'utf8')
      .replaceAll('name="x"', `name="${name}"`)
      .replaceAll('field="x"', `field="${name}"`)
      .replaceAll('\u001b', '');
    const model = folder.write('m.pmml', text);
    for (const args of [
      ['inspect', model],
      ['report', model],
      ['verify', model, model],
    ]) {
      const { out, err } = spawned(args);
      if (args[0] !== 'verify') expect(out).toContain('error');
      for (const line of `${out}${err}`.split('\n')) expect(line).not.toMatch(/^\s*::|##\[|\p{Cc}/u);
    }
  }, 30_000);
});
