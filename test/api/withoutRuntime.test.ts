/** Where onnxruntime-node is not installed everything works but running ONNX, and that is said. */
import { afterAll, expect, it } from 'vitest';
import { Folder, fixture, spawned } from '../cli/portolan.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const hooks = `export const resolve = (name, context, next) => {
  if (name === 'onnxruntime-node') {
    throw Object.assign(new Error("Cannot find package 'onnxruntime-node'"), { code: 'ERR_MODULE_NOT_FOUND' });
  }
  return next(name, context);
};`;
const register = `import { register } from 'node:module';
register('data:text/javascript,${encodeURIComponent(hooks).replaceAll("'", '%27')}');`;

/** A process in which the package cannot be found. */
const without = (...args: string[]) =>
  spawned(args, '', { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(register)}` });

const tree = fixture('pmml/spec/tree-none/model.pmml');
const data = folder.write('rows.csv', 'x\n3\n9\n');

it('convert writes the artifact, says that it was not executed, and does not pass: 1', () => {
  const artifact = folder.file('m.onnx');
  const { code, out, err } = without('convert', tree, artifact, '--report', folder.file('r.json'));
  expect(code).toBe(1);
  expect(out).toMatch(/^verify +not executed: .*npm install onnxruntime-node/m);
  expect(out).not.toMatch(/^equivalent/m);
  expect(err).not.toMatch(/^error/m);
  expect(folder.names).toEqual(['m.onnx', 'r.json', 'rows.csv']);
  expect(JSON.parse(folder.read('r.json')).verdict.status).toBe('not executed');
  // What was written is right: a process that has the runtime says so.
  expect(spawned(['verify', tree, artifact]).code).toBe(0);
  expect(without('verify', tree, artifact).code).toBe(1);
}, 60_000);

it('--no-verify: 0', () => {
  expect(without('convert', tree, folder.file('n.onnx'), '--no-verify').code).toBe(0);
});

it('everything else works: reading ONNX, scoring, JavaScript', () => {
  const network = fixture('onnx/mlp/model.onnx');
  expect(without('score', tree, '--data', data).out).toBe('y\na\nb\n');
  expect(without('score', network, '--data', fixture('onnx/mlp/input.csv')).code).toBe(0);
  expect(without('convert', network, folder.file('n.mjs')).code).toBe(0);
}, 60_000);

it('score --engine onnxruntime says what to install: 2', () => {
  const { code, out, err } = without('score', tree, '--data', data, '--engine', 'onnxruntime');
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^error\[runtime\/unavailable\] .*\n {2}npm install onnxruntime-node\n$/);
}, 60_000);
