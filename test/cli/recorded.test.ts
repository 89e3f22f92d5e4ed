/** Recorded test data on the command line: the standard's layout, read, compared with and written. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCases } from '../ops/onnx/cases.ts';
import { Folder, fixture, portolan } from './portolan.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const names = [
  'test_add',
  'test_argmax_default_axis_example',
  'test_sequence_insert_at_front',
  'test_optional_get_element_optional_sequence',
];
const cases = readCases().filter((c) => c.path.startsWith('1.23.1/node/') && names.includes(c.name));

/** Unpacks cases into a folder, as `tar` would. */
const unpack = (to: string, chosen = names): string => {
  const top = folder.file(to);
  for (const c of cases.filter((x) => chosen.includes(x.name))) {
    for (const [path, bytes] of c.files) {
      const file = join(top, c.path, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
  }
  return top;
};

const all = unpack('all');
const add = join(all, '1.23.1/node/test_add');

describe('verify --data <folder>', () => {
  it('a folder of cases, each with its own model: a line a case, 0 where all are as recorded', async () => {
    const { code, out } = await portolan('verify', '--data', all);
    expect(out.trimEnd().split('\n')).toEqual([
      ...[...names].sort().map((n) => `equal    1.23.1/node/${n}`),
      'equal    4 of 4 data sets are as recorded',
    ]);
    expect(code).toBe(0);
  });

  it('one case, one data set with its model', async () => {
    expect((await portolan('verify', '--data', add)).out).toMatch(/^equal {4}test_add$/m);
    const set = join(add, 'test_data_set_0');
    expect((await portolan('verify', join(add, 'model.onnx'), '--data', set)).code).toBe(0);
    const { code, err } = await portolan('verify', '--data', set);
    expect(code).toBe(2);
    expect(err).toMatch(/^error\[data\/no-model\]/);
  });

  it('a changed output is found, with its place: 1', async () => {
    const changed = unpack('changed', ['test_add']);
    const file = join(changed, '1.23.1/node/test_add/test_data_set_0/output_0.pb');
    const bytes = readFileSync(file);
    // The sign of the last float32, which stands at the end of its tensor.
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 0x80;
    writeFileSync(file, bytes);
    const { code, out } = await portolan('verify', '--data', changed);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^DIFFERS {2}1\.23\.1\/node\/test_add {3}sum 1 of 60 elements differ, most at \[2, 3, 4\]: /m,
    );
    const loose = await portolan('verify', '--data', changed, '--rtol', '3');
    expect(loose.code).toBe(0);
  });

  it('a broken file refuses its case, and no other', async () => {
    const broken = unpack('broken', ['test_add', 'test_argmax_default_axis_example']);
    writeFileSync(join(broken, '1.23.1/node/test_add/test_data_set_0/input_1.pb'), Uint8Array.of(0x0a, 0x7f));
    const { code, out } = await portolan('verify', '--data', broken, '--report', folder.file('cases.xml'));
    expect(code).toBe(1);
    expect(out).toMatch(/^REFUSED {2}1\.23\.1\/node\/test_add {3}\[onnx\//m);
    expect(out).toMatch(/^equal {4}1\.23\.1\/node\/test_argmax/m);
    expect(folder.read('cases.xml')).toMatch(/tests="2" failures="1"/);
  });

  it('a folder without cases: 2', async () => {
    mkdirSync(folder.file('empty'));
    const { code, err } = await portolan('verify', '--data', folder.file('empty'));
    expect(code).toBe(2);
    expect(err).toMatch(/^error\[data\/no-cases\]/);
  });

  it('without a folder, two models are needed: 2', async () => {
    expect((await portolan('verify')).err).toMatch(/^error\[usage\/missing-argument\]/);
    expect((await portolan('verify', join(add, 'model.onnx'))).code).toBe(2);
  });
});

describe('score --data <folder>', () => {
  it('prints each output as JSON', async () => {
    const at = join(all, '1.23.1/node/test_argmax_default_axis_example');
    const { code, out } = await portolan('score', join(at, 'model.onnx'), '--data', at);
    expect(code).toBe(0);
    // ArgMax of [[2, 1], [3, 10]] along axis 0 (the operator's own example).
    expect(out).toBe('{"name":"result","type":"int64","shape":[1,2],"value":[[1,1]]}\n');
  });

  it('writes the outputs as the standard does', async () => {
    const { code } = await portolan(
      'score',
      join(add, 'model.onnx'),
      '--data',
      add,
      '--out',
      folder.file('scored'),
    );
    expect(code).toBe(0);
    const recorded = readFileSync(join(add, 'test_data_set_0/output_0.pb'));
    expect(readFileSync(folder.file('scored/output_0.pb'))).toEqual(recorded);
  });
});

describe('verify --save <folder>', () => {
  it('keeps rows and what the model gives for them, as a case of the artifact', async () => {
    const model = fixture('pmml/random-forest/model.pmml');
    await portolan('convert', model, folder.file('f.onnx'), '--no-verify');
    const rows = fixture('pmml/random-forest/input.csv');
    const saved = await portolan(
      'verify',
      model,
      folder.file('f.onnx'),
      '--data',
      rows,
      '--save',
      folder.file('case'),
    );
    expect(saved.code).toBe(0);
    const again = await portolan('verify', '--data', folder.file('case'), '--rtol', '0', '--atol', '0');
    expect(again.out).toMatch(/^equal {4}case$/m);
    expect(again.code).toBe(0);
    const { out } = await portolan('score', model, '--data', folder.file('case'));
    const [labels = ''] = out.split('\n');
    const expected = readFileSync(fixture('pmml/random-forest/expected.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1);
    expect(JSON.parse(labels).value.flat()).toEqual(expected.map((l) => l.split(',')[0]));
  });
});

describe('convert --batch', () => {
  const linear = readCases().find((c) => c.path.endsWith('pytorch-converted/test_Linear'));
  const model = folder.write('linear.onnx', linear?.model ?? new Uint8Array());
  const row = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`0_${i}`, i / 10]));
  const three = folder.write('three.jsonl', `${JSON.stringify(row)}\n`.repeat(3));

  it('makes a model of four rows one of any number', async () => {
    expect((await portolan('score', model, '--data', three)).code).toBe(2);
    const target = folder.file('any.onnx');
    expect((await portolan('convert', model, target, '--batch', '--simplify')).code).toBe(0);
    const { code, out } = await portolan('score', target, '--data', three);
    expect(code).toBe(0);
    const [, ...rows] = out.trimEnd().split('\n');
    expect(new Set(rows).size).toBe(1);
    expect(rows).toHaveLength(3);
  });

  it('refuses where rows depend on each other: 2', async () => {
    const softmax = readCases().find((c) => c.path.endsWith('1.23.1/node/test_softmax_axis_0'));
    const mixed = folder.write('mixed.onnx', softmax?.model ?? new Uint8Array());
    const { code, err } = await portolan('convert', mixed, folder.file('no.onnx'), '--batch');
    expect(code).toBe(2);
    expect(err).toMatch(/^error\[passes\/batch\] the number of rows stays fixed: /);
  });
});
