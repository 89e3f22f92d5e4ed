/** Models that fit no array: sparse files made on the fly, read in a process of their own. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { openSource } from '../../../src/files/source.ts';
import { bytesOf, type Fields, model, node, value } from './models.ts';

const folder = mkdtempSync(join(tmpdir(), 'portolan-large-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const varint = (n: number): number[] =>
  n < 0x80 ? [n] : [(n % 0x80) | 0x80, ...varint(Math.floor(n / 0x80))];

/**
 * A model whose initializers W0 … hold `counts` float32 each as raw data, all zeros: holes in the file, but for the last
 * element of each, which is its number plus one. X + W0[0] … is not computed: Y is X.
 */
const writeLarge = (file: string, counts: readonly number[]): void => {
  const fd = openSync(file, 'w');
  const tensors = counts.map((count, i) => {
    const name = Buffer.from(`W${i}`);
    const raw = 4 * count;
    const head = [0x08, ...varint(count), 0x10, 0x01, 0x42, name.length, ...name, 0x4a, ...varint(raw)];
    return { head, size: head.length + raw, raw };
  });
  const rest = bytesOf({ graph: model().graph });
  // The graph without its own tag and length, then the tensors as further fields of it.
  const body = rest.subarray(1 + varint(rest.length - 2).length);
  const size = tensors.reduce((n, t) => n + 1 + varint(t.size).length + t.size, body.length);
  const start = [0x08, 0x0a, 0x3a, ...varint(size)];
  let at = 0;
  const put = (bytes: Uint8Array) => {
    writeSync(fd, bytes, 0, bytes.length, at);
    at += bytes.length;
  };
  put(Uint8Array.from(start));
  put(body);
  tensors.forEach((t, i) => {
    put(Uint8Array.from([0x2a, ...varint(t.size), ...t.head]));
    at += t.raw - 4;
    put(new Uint8Array(Float32Array.of(i + 1).buffer));
  });
  put(bytesOf({ opset_import: [{ domain: '', version: 21 }] }));
  ftruncateSync(fd, at);
  closeSync(fd);
};

const out = join(folder, 'dist');

/** The reader as it is shipped, without the loader of this test in its memory. */
const compile = (): void => {
  const root = new URL('../../../', import.meta.url).pathname;
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
  };
  for (const room of ['src', 'converters/onnx']) {
    for (const path of readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts')) continue;
      const file = join(room, path);
      const { outputText } = ts.transpileModule(readFileSync(join(root, file), 'utf8'), {
        compilerOptions: options,
      });
      mkdirSync(join(out, dirname(file)), { recursive: true });
      writeFileSync(join(out, file.replace(/\.ts$/, '.js')), outputText);
    }
  }
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(out, 'node_modules'));
};

/** Runs a script against the compiled sources; it prints one line of JSON. */
const inProcess = (script: string, ...args: string[]): Record<string, never> => {
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script, ...args], {
    encoding: 'utf8',
  });
  return JSON.parse(said);
};

beforeAll(compile);

describe('a model of 3 GB', () => {
  const file = join(folder, 'three.onnx');
  // Three tensors of 1 GB, and a thousand of 4 KB.
  beforeAll(() => writeLarge(file, [2.5e8, 2.5e8, 2.5e8, ...new Array(1000).fill(1000)]));

  test('is inspected in less than a second and 100 MB', () => {
    const script = `
      const { reader } = await import('${out}/converters/onnx/reader.js');
      const { openSource } = await import('${out}/src/files/source.js');
      const before = performance.now();
      const { model } = reader.read(openSource(process.argv[1]));
      const ms = performance.now() - before;
      const elements = model.graph.parameters.reduce((n, p) => n + p.data.count, 0);
      console.log(JSON.stringify({ ms, elements, kilobytes: process.resourceUsage().maxRSS }));
    `;
    const { ms, elements, kilobytes } = inProcess(script, file) as Record<string, number>;
    console.log(
      `3 GB: ${(ms as number).toFixed(0)} ms, peak RSS ${((kilobytes as number) / 1024).toFixed(0)} MB`,
    );
    expect(elements).toBe(751_000_000);
    expect(ms).toBeLessThan(1000);
    expect((kilobytes as number) / 1024).toBeLessThan(100);
  });

  test('is read at any place of its tensors', () => {
    const { model: m } = reader.read(openSource(file));
    const last = m.graph.parameters.map((p) => p.data.read(p.data.count - 2, p.data.count)[1]);
    expect(last.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(last).toHaveLength(1003);
  });
});

test('a tensor that ends beyond 4 GiB is read in windows', () => {
  const file = join(folder, 'five.onnx');
  writeLarge(file, [1.25e9]);
  const { model: m } = reader.read(openSource(file));
  const data = m.graph.parameters[0]?.data;
  expect(data?.count).toBe(1.25e9);
  expect([...(data?.read(1.25e9 - 3, 1.25e9) ?? [])]).toEqual([0, 0, 1]);
  expect(() => data?.read(0, 1.25e9)).toThrow('do not fit one array');
});

/** Reads a model, has it checked as before a runtime, takes it to another opset and writes it. */
const retarget = `
  const { reader } = await import('${out}/converters/onnx/reader.js');
  const { save } = await import('${out}/src/api/write.js');
  const { writer } = await import('${out}/converters/onnx/writer.js');
  const { openSource } = await import('${out}/src/files/source.js');
  const [, source, target] = process.argv;
  const before = performance.now();
  const { model } = reader.read(openSource(source));
  const artifact = writer.write(model, { opset: 17 });
  save(artifact, target);
  const ms = performance.now() - before;
  console.log(JSON.stringify({ ms, files: artifact.files.length, kilobytes: process.resourceUsage().maxRSS }));
`;

describe('a model of 10 GB, its weights beside it', () => {
  const file = join(folder, 'ten.onnx');
  const target = join(folder, 'seventeen.onnx');
  const [tensors, count] = [10, 2.5e8];

  beforeAll(() => {
    const fd = openSync(join(folder, 'ten.bin'), 'w');
    for (let i = 0; i < tensors; i++) {
      writeSync(fd, Float32Array.of(i + 1), 0, 4, 4 * ((i + 1) * count - 1));
    }
    closeSync(fd);
    const entry = (key: string, value: number | string) => ({ key, value: String(value) });
    const initializer = Array.from({ length: tensors }, (_, i) => ({
      dims: [count],
      data_type: 1,
      name: `W${i}`,
      data_location: 1,
      external_data: [
        entry('location', 'ten.bin'),
        entry('offset', 4 * i * count),
        entry('length', 4 * count),
      ],
    }));
    // Each is read by something: what nothing reads is not written.
    const whole = model();
    const { node: nodes = [], output = [] } = whole.graph as Record<string, Fields[]>;
    const graph = {
      ...(whole.graph as object),
      initializer,
      node: [...nodes, ...initializer.map(({ name }) => node('Shape', [name], [`shape of ${name}`]))],
      output: [...output, ...initializer.map(({ name }) => value(`shape of ${name}`, 7, [1]))],
    };
    writeFileSync(file, bytesOf({ ...whole, graph }));
  });

  test('is read, checked, taken to another opset and written in less than 256 MB', () => {
    const { ms, files, kilobytes } = inProcess(retarget, file, target) as Record<string, number>;
    const [seconds, megabytes] = [(ms as number) / 1000, (kilobytes as number) / 1024];
    console.log(`10 GB: ${seconds.toFixed(1)} s, peak RSS ${megabytes.toFixed(0)} MB`);
    expect(files).toBe(2);
    expect(megabytes).toBeLessThan(256);
    const { model: m } = reader.read(openSource(target));
    expect(m.opsets.get('')).toBe(17);
    const last = m.graph.parameters.map((p) => p.data.read(p.data.count - 2, p.data.count));
    expect(last.map((l) => [...l])).toEqual(Array.from({ length: tensors }, (_, i) => [0, i + 1]));
  }, 300_000);
});
