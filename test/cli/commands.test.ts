/** What each command does when all is well, on models of real libraries and of the specification. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Folder, fixture, portolan, spawned } from './portolan.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const forest = fixture('pmml/random-forest/model.pmml');
const rows = fixture('pmml/random-forest/input.csv');
const expected = fixture('pmml/random-forest/expected.csv');
const spec = readdirSync(fixture('pmml/spec'), { withFileTypes: true })
  .filter((e) => e.isDirectory())
  .map((e) => e.name);
const onnx = [
  'functions',
  'lightgbm-classifier',
  'mlp',
  'mlp-external-data',
  'sklearn-gradient-boosting-regressor',
  'sklearn-random-forest',
  'xgboost-classifier',
];

const commands = ['inspect', 'convert', 'score', 'verify', 'report', 'formats'];

describe('help', () => {
  it.each(commands)('%s --help shows an example that names itself', async (command) => {
    const { code, out, err } = await portolan(command, '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`Usage: portolan ${command} `));
    expect(out).toMatch(new RegExp(`Example:\\n {2}\\$ portolan ${command} `));
  });

  it('lists every command, and tells the version', async () => {
    const { code, out } = await portolan('--help');
    expect(code).toBe(0);
    for (const c of commands) expect(out).toMatch(new RegExp(`^ {2}${c} `, 'm'));
    const { version } = JSON.parse(readFileSync(fixture('../package.json'), 'utf8'));
    expect((await portolan('--version')).out).toBe(`${version}\n`);
  });

  it('without a command shows the help on stderr: 2', async () => {
    const { code, out, err } = await portolan();
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^Usage: portolan/);
  });
});

describe('inspect', () => {
  it('names every field, the size and the operators', async () => {
    const { code, out } = await portolan('inspect', forest);
    expect(code).toBe(0);
    // Counted in the document itself.
    const text = readFileSync(forest, 'utf8');
    const trees = text.match(/<TreeModel/g)?.length;
    expect(out).toContain(`${trees} trees`);
    for (const name of ['age', 'income', 'amount', 'months', 'housing', 'purpose']) {
      expect(out).toMatch(new RegExp(`^input +${name} `, 'm'));
    }
    expect(out).toMatch(/^output +outcome .*defaulted, repaid/m);
  });

  it.each([...spec.map((c) => `pmml/spec/${c}/model.pmml`), ...onnx.map((c) => `onnx/${c}/model.onnx`)])(
    '--json of %s parses, and counts the bytes',
    async (path) => {
      const { code, out } = await portolan('inspect', fixture(path), '--json');
      expect(code).toBe(0);
      const facts = JSON.parse(out);
      expect(facts.bytes).toBe(readFileSync(fixture(path)).length);
      expect(facts.inputs.length * facts.outputs.length).toBeGreaterThan(0);
    },
  );
});

describe('formats', () => {
  it('the table and the JSON say the same', async () => {
    const table = await portolan('formats');
    const list: { name: string; title: string; endings: string[]; reads: boolean; writes: boolean }[] =
      JSON.parse((await portolan('formats', '--json')).out);
    expect(table.code).toBe(0);
    expect(list.map((f) => f.name)).toEqual(expect.arrayContaining(['onnx', 'pmml', 'javascript']));
    const lines = table.out.trimEnd().split('\n').slice(1);
    expect(lines).toHaveLength(list.length);
    list.forEach((f, i) => {
      const [name, reads, writes] = (lines[i] ?? '').split(/ +/);
      expect([name, reads, writes]).toEqual([f.name, f.reads ? 'yes' : '–', f.writes ? 'yes' : '–']);
      expect(lines[i]).toContain(f.endings.join(' '));
      expect(lines[i]).toContain(f.title);
    });
  });
});

/** CSV without quotes or delimiters in its cells: enough for these fixtures. */
const table = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));

describe('score', () => {
  it('gives one row a row, the library’s own predictions', async () => {
    const { code, out } = await portolan('score', forest, '--data', rows);
    expect(code).toBe(0);
    const ours = table(out);
    const theirs = table(readFileSync(expected, 'utf8'));
    expect(ours[0]).toEqual(theirs[0]);
    expect(ours).toHaveLength(theirs.length);
    ours.slice(1).forEach((row, i) => {
      const [label, ...probabilities] = theirs[i + 1] as string[];
      expect(row[0]).toBe(label);
      // 25 quotients summed in another order: 25 roundings of numbers below 1, over 25.
      probabilities.forEach((p, j) => {
        expect(Math.abs(Number(p) - Number(row[j + 1]))).toBeLessThanOrEqual(25 * 2 ** -53);
      });
    });
  });

  it('says the same in every engine', async () => {
    const by = async (engine: string) => portolan('score', forest, '--data', rows, '--engine', engine);
    const reference = await by('reference');
    for (const engine of ['onnxruntime', 'compiled']) {
      const other = await by(engine);
      expect([engine, other.code]).toEqual([engine, 0]);
      // Sums in a fixed order: equal to the last bit.
      expect(other.out).toBe(reference.out);
    }
  });

  it.each(onnx)('%s: the engines agree on the library’s rows', async (name) => {
    const args = ['score', fixture(`onnx/${name}/model.onnx`), '--data', fixture(`onnx/${name}/input.csv`)];
    const reference = table((await portolan(...args)).out);
    const ort = await portolan(...args, '--engine', 'onnxruntime');
    expect(ort.code).toBe(0);
    const theirs = table(ort.out);
    expect(theirs.length).toBe(reference.length);
    expect(theirs[0]).toEqual(reference[0]);
    reference.slice(1).forEach((row, i) => {
      row.forEach((cell, j) => {
        const other = theirs[i + 1]?.[j] ?? '';
        if (cell === other) return;
        // float32 arithmetic, sums of up to some hundred terms in another order.
        expect(Math.abs(Number(cell) - Number(other))).toBeLessThanOrEqual(
          1e-5 * Math.max(1, Math.abs(Number(cell))),
        );
      });
    });
  });

  it('reads standard input', async () => {
    const { code, out, err } = spawned(
      ['score', fixture('pmml/spec/tree-none/model.pmml'), '--data', '-'],
      'x\n3\n9\nNA\n',
    );
    expect([code, out]).toEqual([0, 'y\na\nb\n""\n']);
    expect(err).toMatch(/^warning\[score\/missing-results\] 1 result/);
  });

  it('reads JSON Lines on standard input', () => {
    const model = fixture('pmml/spec/tree-none/model.pmml');
    expect(spawned(['score', model, '--data', '-'], '{"x":3}\n{"x":9}\n{"x":null}\n').out).toBe(
      'y\na\nb\n""\n',
    );
  });

  it('writes CSV, tab-separated text or JSON Lines, as the ending says', async () => {
    const model = fixture('pmml/random-forest/model.pmml');
    const csv = folder.file('scored.csv');
    const { code, out } = await portolan('score', model, '--data', rows, '--out', csv);
    expect([code, out]).toEqual([0, '']);
    const cells = table(folder.read('scored.csv'));
    await portolan('score', model, '--data', rows, '--out', folder.file('scored.tsv'));
    expect(folder.read('scored.tsv')).toBe(folder.read('scored.csv').replaceAll(',', '\t'));
    await portolan('score', model, '--data', rows, '--out', folder.file('scored.jsonl'));
    const objects = folder
      .read('scored.jsonl')
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(objects.map((o) => Object.values(o).map(String))).toEqual(cells.slice(1));
    expect(Object.keys(objects[0])).toEqual(cells[0]);
  });

  it('takes other delimiters and decimal marks, and writes them', async () => {
    const data = folder.write('german.csv', 'x\n3,5\n9,25\n');
    const model = fixture('pmml/spec/regression-exp/model.pmml');
    const name = JSON.parse((await portolan('inspect', model, '--json')).out).inputs[0].name;
    folder.write('german.csv', `${name};other\n3,5;1\n0,25;1\n`);
    folder.write('plain.csv', `${name},other\n3.5,1\n0.25,1\n`);
    const german = await portolan('score', model, '--data', data, '--delimiter', ';', '--decimal', ',');
    const plain = await portolan('score', model, '--data', folder.file('plain.csv'));
    expect([german.code, plain.code]).toEqual([0, 0]);
    expect(german.out).toBe(plain.out.replaceAll(',', ';').replaceAll('.', ','));
    expect(german.out).toMatch(/\d,\d/);
  });
});

describe('convert', () => {
  it('to ONNX and to JavaScript, proven, with all reports', async () => {
    const own = new Folder();
    const reports = ['r.json', 'r.html', 'r.md', 'r.sarif', 'r.xml'];
    const { code, out } = await portolan(
      'convert',
      forest,
      own.file('forest.onnx'),
      '--data',
      rows,
      ...reports.flatMap((r) => ['--report', own.file(r)]),
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^equivalent +every leaf reached, every reachable threshold/m);
    expect(own.names).toEqual(['forest.onnx', ...reports].sort());
    const report = JSON.parse(own.read('r.json'));
    expect(report.verdict.status).toBe('equivalent');
    expect(report.verification.rows.given).toBe(table(readFileSync(rows, 'utf8')).length - 1);
    expect(report.artifact.bytes).toBe(readFileSync(own.file('forest.onnx')).length);
    own.remove();
  });

  it('--json prints what the JSON report holds, and nothing else', async () => {
    const own = new Folder();
    const report = own.file('r.json');
    const { code, out } = await portolan(
      ...['convert', forest, own.file('f.mjs'), '--report', report, '--json'],
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(JSON.parse(own.read('r.json')));
    own.remove();
  });

  it('twice gives the same bytes', async () => {
    const own = new Folder();
    await portolan('convert', forest, own.file('a.onnx'), '--no-verify');
    await portolan('convert', forest, own.file('b.onnx'), '--no-verify');
    await portolan('convert', forest, own.file('a.mjs'), '--no-verify');
    await portolan('convert', forest, own.file('b.mjs'), '--no-verify');
    expect(own.read('a.onnx')).toBe(own.read('b.onnx'));
    expect(own.read('a.mjs')).toBe(own.read('b.mjs'));
    own.remove();
  });

  it('--to picks the format where the ending does not; --opset and --precision are in the artifact', async () => {
    const own = new Folder();
    const plain = await portolan(
      ...[
        'convert',
        forest,
        own.file('model.bin'),
        '--to',
        'onnx',
        '--opset',
        '19',
        '--precision',
        'float64',
      ],
    );
    expect(plain.code).toBe(0);
    expect(plain.out).toMatch(/^write .*opset 19.*float64/m);
    const { out } = await portolan('inspect', own.file('model.bin'), '--json');
    expect(JSON.parse(out).opsets['']).toBe(19);
    own.remove();
  });

  it('--no-verify says that nothing is known: 0', async () => {
    const own = new Folder();
    const { code } = await portolan(
      ...['convert', forest, own.file('f.onnx'), '--no-verify', '--report', own.file('r.json')],
    );
    expect(code).toBe(0);
    expect(JSON.parse(own.read('r.json')).verdict.status).toBe('not verified');
    expect(own.names).toEqual(['f.onnx', 'r.json']);
    own.remove();
  });

  it.each(['tree-none', 'mining-chain', 'model-verification', 'text-index', 'function-strings'])(
    'the specification’s %s to both targets',
    async (name) => {
      const own = new Folder();
      for (const target of ['m.onnx', 'm.mjs']) {
        const model = fixture(`pmml/spec/${name}/model.pmml`);
        const { code, err } = await portolan('convert', model, own.file(target));
        // A target that cannot say the model refuses it by name, and writes nothing.
        if (code === 2) {
          expect(err).toMatch(/^error\[[a-z/-]+\] .*\n {2}portolan report lists/m);
          expect(own.names).not.toContain(target);
        } else expect([code, own.names.includes(target)]).toEqual([0, true]);
      }
      own.remove();
    },
    30_000,
  );
});

describe('report', () => {
  it('prints where a model can go; to a file, it prints the file’s name', async () => {
    const { code, out } = await portolan('report', forest);
    expect(code).toBe(0);
    expect(out).toMatch(/WHERE IT CAN GO/);
    const own = new Folder();
    const written = await portolan('report', forest, '--report', own.file('r.md'));
    expect(written.out).toBe(`report   ${own.file('r.md')}\n`);
    expect(own.names).toEqual(['r.md']);
    own.remove();
  });

  it('--json parses and says that nothing was run', async () => {
    const { code, out } = await portolan('report', forest, '--json');
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report.verdict.status).toBe('read');
    expect(report.artifact).toBeNull();
    expect(report.unchecked.join()).toMatch(/nothing was run/);
  });
});
