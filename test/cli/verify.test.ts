/** `verify`: who says the same passes, and one changed cell, leaf or byte is found and named. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Folder, fixture, portolan } from './portolan.ts';

const folder = new Folder();
const forest = fixture('pmml/random-forest/model.pmml');
const rows = fixture('pmml/random-forest/input.csv');
const expected = readFileSync(fixture('pmml/random-forest/expected.csv'), 'utf8');

beforeAll(async () => {
  for (const name of ['f.onnx', 'f.mjs']) await portolan('convert', forest, folder.file(name), '--no-verify');
});
afterAll(() => folder.remove());

/** The table with one cell changed; `row` counts from 0 without the header. */
const withCell = (text: string, row: number, column: number, cell: string): string => {
  const lines = text.trimEnd().split('\n');
  const cells = (lines[row + 1] as string).split(',');
  cells[column] = cell;
  lines[row + 1] = cells.join(',');
  return `${lines.join('\n')}\n`;
};

describe('a model and an artifact', () => {
  it.each(['f.onnx', 'f.mjs'])('%s says the same: 0', async (name) => {
    const { code, out } = await portolan('verify', forest, folder.file(name), '--data', rows);
    expect(code).toBe(0);
    expect(out).toMatch(/^equivalent /m);
    expect(out).toContain('500 of yours');
  });

  it('one leaf changed is found, with a row that shows it: 1', async () => {
    const text = readFileSync(forest, 'utf8');
    const counts = [...text.matchAll(/<ScoreDistribution value="repaid" recordCount="(\d+)/g)];
    const one = counts[counts.length >> 1];
    const at = (one?.index ?? 0) + (one?.[0].length ?? 0);
    // One more digit: that leaf is ten times as sure, and no other.
    folder.write('mutant.pmml', `${text.slice(0, at)}7${text.slice(at)}`);
    await portolan('convert', folder.file('mutant.pmml'), folder.file('mutant.mjs'), '--no-verify');
    const { code, out } = await portolan('verify', forest, folder.file('mutant.mjs'));
    expect(code).toBe(1);
    expect(out).toMatch(/^DIFFERENT /m);
    expect(out).toMatch(/worst: \S+, (boundary|sampled) row \d+: \S+ against \S+/);
    expect(out).toMatch(/printf '.*' '\{.*\}' \| portolan score model\.pmml --data -/);
  });

  it('a model against itself, and against another that computes something else', async () => {
    const a = fixture('pmml/spec/interval-closedclosed/model.pmml');
    const b = fixture('pmml/spec/interval-openopen/model.pmml');
    expect((await portolan('verify', a, a)).code).toBe(0);
    const { code, out } = await portolan('verify', a, b);
    expect(code).toBe(1);
    expect(out).toMatch(/^DIFFERENT /m);
  });

  it('two ONNX files are compared as graphs too', async () => {
    await portolan('convert', forest, folder.file('old.onnx'), '--opset', '17', '--no-verify');
    const { code, out } = await portolan('verify', folder.file('f.onnx'), folder.file('old.onnx'));
    expect(code).toBe(0);
    expect(out).toMatch(/^graphs {3}\d+ differences, f\.onnx → old\.onnx\n {11}opset {4}ai\.onnx: 21 → 17$/m);
    expect((await portolan('verify', folder.file('f.onnx'), folder.file('f.onnx'))).out).toMatch(
      /^graphs {3}the same$/m,
    );
  });

  it('another interface is a finding, not an error: 1', async () => {
    const { code, out } = await portolan('verify', forest, fixture('pmml/spec/tree-none/model.pmml'));
    expect(code).toBe(1);
    expect(out).toMatch(/on one side only: /);
  });

  it('--json holds the verdict', async () => {
    const { code, out } = await portolan('verify', forest, folder.file('f.mjs'), '--json');
    expect([code, JSON.parse(out).verdict.status]).toEqual([0, 'equivalent']);
  });
});

describe('a model and predictions', () => {
  const verify = (file: string, ...more: string[]) =>
    portolan('verify', forest, file, '--data', rows, ...more);

  it('the right ones: 0', async () => {
    const { code, out } = await verify(folder.write('right.csv', expected));
    expect(code).toBe(0);
    expect(out).toMatch(/^equivalent /m);
  });

  it('as JSON Lines', async () => {
    const [head = '', ...lines] = expected.trimEnd().split('\n');
    const names = head.split(',');
    const objects = lines.map((l) =>
      JSON.stringify(Object.fromEntries(l.split(',').map((c, i) => [names[i], i === 0 ? c : Number(c)]))),
    );
    expect((await verify(folder.write('right.jsonl', `${objects.join('\n')}\n`))).code).toBe(0);
  });

  it('printed to six digits: as many digits as the file has', async () => {
    const six = expected.replace(/0\.\d+/g, (x) => Number(x).toFixed(6));
    expect((await verify(folder.write('six.csv', six))).code).toBe(0);
    // One more in the last digit is no longer a rounding.
    const off = withCell(six, 7, 1, (Number(six.split('\n')[8]?.split(',')[1]) + 2e-6).toFixed(6));
    expect((await verify(folder.write('off.csv', off))).code).toBe(1);
  });

  it.each([
    [0, 0, 'perhaps', 'outcome'],
    [499, 1, '0.5000001', 'probability(defaulted)'],
    [123, 2, '', 'probability(repaid)'],
  ])('row %i, column %i changed to %j: 1, and the row is named', async (row, column, cell, name) => {
    const { code, out } = await verify(folder.write('wrong.csv', withCell(expected, row, column, cell)));
    expect(code).toBe(1);
    expect(out).toContain('1 of 500 differ');
    expect(out).toContain(`worst: ${name}, given row ${row}:`);
  });

  it('--rtol, --atol and --ulp widen what is allowed, and no further', async () => {
    const p = Number(expected.split('\n')[11]?.split(',')[1]);
    const wrong = folder.write('wide.csv', withCell(expected, 10, 1, String(p * (1 + 1e-6))));
    expect((await verify(wrong)).code).toBe(1);
    expect((await verify(wrong, '--rtol', '1e-5')).code).toBe(0);
    expect((await verify(wrong, '--rtol', '1e-7')).code).toBe(1);
    expect((await verify(wrong, '--atol', '1e-5')).code).toBe(0);
    expect((await verify(wrong, '--atol', '1e-9')).code).toBe(1);
    // A relative distance of 1e-6 is between 1e-6 · 2^52 and 1e-6 · 2^53 units in the last place: 4.5e9 to 9.0e9.
    expect((await verify(wrong, '--ulp', '9100000000')).code).toBe(0);
    expect((await verify(wrong, '--ulp', '4000000000')).code).toBe(1);
  });

  it('--map names a column otherwise', async () => {
    const renamed = expected.replace('outcome', 'class').replace('probability(repaid)', 'p=1');
    const file = folder.write('renamed.csv', renamed);
    // What the file does not name is not compared, and that is said.
    const unmapped = await verify(file);
    expect(unmapped.code).toBe(0);
    expect(unmapped.out).toContain(
      "not checked: outputs that the file does not hold: 'outcome', 'probability(repaid)'",
    );
    const map = ['--map', 'outcome=class', '--map', 'probability(repaid)=p=1'];
    const mapped = await verify(file, ...map);
    expect(mapped.code).toBe(0);
    expect(mapped.out.match(/500 of 500/g)).toHaveLength(3);
    const wrong = folder.write('wrong.csv', withCell(renamed, 3, 0, 'perhaps'));
    expect((await verify(wrong, ...map)).code).toBe(1);
  });

  it('a file that holds none of the outputs is no predictions file: 2', async () => {
    const { code, out, err } = await verify(folder.write('none.csv', expected.replace(/^.*/, 'a,b,c')));
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error\[verify\/no-predictions\] .*\n {2}.*--map/m);
  });

  it('a map that is none: 2', async () => {
    const { code, err } = await verify(folder.write('right.csv', expected), '--map', 'outcome');
    expect(code).toBe(2);
    expect(err).toMatch(/^error\[verify\/map\] /m);
  });

  it('another number of rows is a usage error: 2', async () => {
    const short = folder.write('short.csv', `${expected.split('\n').slice(0, 100).join('\n')}\n`);
    const { code, out, err } = await verify(short);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(
      /^error\[verify\/predictions-rows\] .*there are 99 predictions for 500 rows\n {2}give /m,
    );
  });

  it('without rows there is nothing to compare on: 2', async () => {
    const { code, err } = await portolan('verify', forest, folder.write('right.csv', expected));
    expect(code).toBe(2);
    expect(err).toMatch(/^error\[verify\/no-rows\] .*\n {2}give the rows with --data/m);
  });
});
