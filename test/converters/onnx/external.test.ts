import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { openSource } from '../../../src/files/source.ts';
import { bytesOf, type Fields, fixtureFile, model, read, refusal } from './models.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portolan-external-'));
  mkdirSync(join(folder, 'model/sub'), { recursive: true });
  writeFileSync(join(folder, 'secret.bin'), Buffer.alloc(64));
  const weights = Buffer.from(Float32Array.from({ length: 16 }, (_, i) => i).buffer);
  writeFileSync(join(folder, 'model/weights.bin'), weights);
  writeFileSync(join(folder, 'model/sub/weights.bin'), weights);
  symlinkSync('../secret.bin', join(folder, 'model/link.bin'));
  symlinkSync('..', join(folder, 'model/up'));
  linkSync(join(folder, 'secret.bin'), join(folder, 'model/hard.bin'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A model in the folder whose initializer [2] of float32 lies where the entries say. */
const open = (entries: Fields, more: Fields = {}) => {
  const file = join(folder, 'model/m.onnx');
  const external_data = Object.entries(entries).map(([key, value]) => ({ key, value: String(value) }));
  const initializer = [{ name: 'W', dims: [2], data_type: 1, data_location: 1, external_data, ...more }];
  writeFileSync(file, bytesOf(model({ initializer })));
  return reader.read(openSource(file)).model.graph.parameters[0]?.data;
};

test('elements are read from where they lie', () => {
  expect([...(open({ location: 'weights.bin' })?.read(0, 2) ?? [])]).toEqual([0, 1]);
  expect([...(open({ location: 'sub/weights.bin', offset: 12, length: 8 })?.read(0, 2) ?? [])]).toEqual([
    3, 4,
  ]);
  expect([...(open({ location: './sub//weights.bin', offset: '56' })?.read(1, 2) ?? [])]).toEqual([15]);
});

test('what Python wrote with external data is what it wrote without', () => {
  const inside = reader.read(openSource(fixtureFile('mlp/model.onnx'))).model;
  const outside = reader.read(openSource(fixtureFile('mlp-external-data/model.onnx'))).model;
  expect(outside.graph.parameters.map((p) => p.data.digest())).toEqual(
    inside.graph.parameters.map((p) => p.data.digest()),
  );
});

describe('what leads out of the folder, or nowhere, is refused', () => {
  const cases: readonly [string, string, () => Fields, Fields?][] = [
    ['no location', 'onnx/external-path', () => ({ offset: 0 })],
    ['an empty location', 'onnx/external-path', () => ({ location: '' })],
    ['an absolute path', 'onnx/external-path', () => ({ location: join(folder, 'model/weights.bin') })],
    ['a drive', 'onnx/external-path', () => ({ location: 'C:weights.bin' })],
    ['a network path', 'onnx/external-path', () => ({ location: '\\\\server\\weights.bin' })],
    ['the folder above', 'onnx/external-path', () => ({ location: '../secret.bin' })],
    ['a way up and down again', 'onnx/external-path', () => ({ location: 'sub/../weights.bin' })],
    ['a backslash', 'onnx/external-path', () => ({ location: 'sub\\..\\..\\secret.bin' })],
    ['a NUL', 'onnx/external-path', () => ({ location: 'weights.bin\u0000.txt' })],
    ['the folder itself', 'onnx/external-path', () => ({ location: '.' })],
    ['a folder', 'onnx/external-path', () => ({ location: 'sub' })],
    ['a file as a folder', 'onnx/external-path', () => ({ location: 'weights.bin/x' })],
    ['a symbolic link', 'onnx/external-link', () => ({ location: 'link.bin' })],
    ['a symbolic link on the way', 'onnx/external-link', () => ({ location: 'up/secret.bin' })],
    ['a hard link', 'onnx/external-link', () => ({ location: 'hard.bin' })],
    ['a file that is not there', 'onnx/external-missing', () => ({ location: 'nothing.bin' })],
    ['an unknown key', 'onnx/external-key', () => ({ location: 'weights.bin', basepath: '/' })],
    ['a key of objects', 'onnx/external-key', () => JSON.parse('{"location":"weights.bin","__proto__":"x"}')],
    ['a Python attribute', 'onnx/external-key', () => ({ location: 'weights.bin', __class__: 'x' })],
    ['an offset past the end', 'onnx/external-range', () => ({ location: 'weights.bin', offset: 60 })],
    ['a negative offset', 'onnx/external-range', () => ({ location: 'weights.bin', offset: -8 })],
    [
      'an offset that is no number',
      'onnx/external-range',
      () => ({ location: 'weights.bin', offset: '0x8' }),
    ],
    [
      'an offset beyond 2^53',
      'onnx/external-range',
      () => ({ location: 'weights.bin', offset: '9999999999999999' }),
    ],
    [
      'a length that is not the shape’s',
      'onnx/external-range',
      () => ({ location: 'weights.bin', length: 12 }),
    ],
    [
      'elements inside as well',
      'onnx/tensor-fields',
      () => ({ location: 'weights.bin' }),
      { float_data: [1, 2] },
    ],
    ['strings', 'onnx/raw-string', () => ({ location: 'weights.bin' }), { data_type: 8 }],
  ];

  test.each(cases)('%s: %s', (_, rule, entries, more) => {
    const refused = refusal(() => open(entries(), more));
    expect(refused.rule).toBe(rule);
    expect(refused.at?.at).toBe("initializer 'W'");
  });

  test('a key twice', () => {
    const external_data = [
      { key: 'location', value: 'weights.bin' },
      { key: 'location', value: '../secret.bin' },
    ];
    const initializer = [{ name: 'W', dims: [2], data_type: 1, data_location: 1, external_data }];
    writeFileSync(join(folder, 'model/m.onnx'), bytesOf(model({ initializer })));
    const refused = refusal(() => reader.read(openSource(join(folder, 'model/m.onnx'))));
    expect(refused.rule).toBe('onnx/external-key');
  });

  test('any, where the model itself lies in no folder', () => {
    const external_data = [{ key: 'location', value: 'weights.bin' }];
    const initializer = [{ name: 'W', dims: [2], data_type: 1, data_location: 1, external_data }];
    expect(refusal(() => read(model({ initializer }))).rule).toBe('onnx/external-missing');
  });
});
