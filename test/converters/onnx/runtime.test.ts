import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { runtime } from '../../../converters/onnx/runtime.ts';
import { writer } from '../../../converters/onnx/writer.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { openSource } from '../../../src/files/source.ts';
import type { WriteOptions } from '../../../src/ir/converter.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import type { Field, Model } from '../../../src/ir/model.ts';
import { bind } from '../../../src/rows/bind.ts';
import { readTable } from '../../../src/rows/read.ts';
import type { Table } from '../../../src/rows/table.ts';
import { unbind } from '../../../src/rows/unbind.ts';
import { type Tensor, tensor, tensorOf } from '../../../src/tensor/tensor.ts';
import { bytesOf, type Fields, fixtureFile, model, node, value } from './models.ts';

const folder = mkdtempSync(join(tmpdir(), 'portolan-runtime-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const save = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, `${name}.onnx`);
  writeFileSync(file, bytes);
  return file;
};

const readFile = (file: string): Model => reader.read(openSource(file)).model;

/** Runs a model's bytes once. */
const run = async (content: Fields, inputs: Record<string, Tensor>, watch: string[] = []) => {
  const file = save('m', bytesOf(content));
  const scorer = await runtime.open(file, readFile(file));
  try {
    return await scorer.run(new Map(Object.entries(inputs)), watch);
  } finally {
    await scorer.close();
  }
};

test('onnxruntime-node is here', async () => {
  expect(await runtime.unavailable()).toBeUndefined();
});

describe('tensors in and out', () => {
  test.each<[string, number, Tensor]>([
    ['float64', 11, tensorOf('float64', [2, 1], [1.1, Number.NaN])],
    ['float32', 1, tensorOf('float32', [2, 1], [1.5, -0])],
    ['float16', 10, tensorOf('float16', [2, 1], [1.5, -65504])],
    ['int64', 7, tensorOf('int64', [2, 1], [2n ** 62n, -1n])],
    ['int32', 6, tensorOf('int32', [2, 1], [7, -7])],
    ['uint8', 2, tensorOf('uint8', [2, 1], [0, 255])],
    ['bool', 9, tensorOf('bool', [2, 1], [1, 0])],
    ['string', 8, tensorOf('string', [2, 1], ['', 'é世'])],
  ])('%s', async (dtype, number, x) => {
    const content = model({ input: [value('X', number, ['N', 1])], output: [value('Y', number, ['N', 1])] });
    const y = (await run(content, { X: x })).get('Y');
    expect(y?.dtype).toBe(dtype);
    expect(y?.dims).toEqual([2, 1]);
    expect([...(y?.data ?? [])]).toEqual([...x.data]);
  });

  test('what is missing is NaN or the empty string', async () => {
    const content = model({
      input: [value('X', 11, ['N', 1]), value('S', 8, ['N', 1])],
      node: [node('Identity', ['X'], ['Y']), node('Identity', ['S'], ['T'])],
      output: [value('Y', 11, ['N', 1]), value('T', 8, ['N', 1])],
    });
    const missing = Uint8Array.of(0, 1);
    const out = await run(content, {
      X: tensor('float64', [2, 1], Float64Array.of(5, 0), missing),
      S: tensor('string', [2, 1], ['a', 'b'], missing),
    });
    expect([...(out.get('Y')?.data ?? [])]).toEqual([5, Number.NaN]);
    expect(out.get('T')?.data).toEqual(['a', '']);
  });

  test('a missing integer has no spelling', async () => {
    const content = model({ input: [value('X', 7, ['N', 1])], output: [value('Y', 7, ['N', 1])] });
    const x = tensor('int64', [1, 1], BigInt64Array.of(0n), Uint8Array.of(1));
    await expect(run(content, { X: x })).rejects.toMatchObject({
      diagnostic: { rule: 'rows/missing-value' },
    });
  });
});

test('inner values are shown where they are asked for, and what is not there is not', async () => {
  const content = model({
    node: [node('Add', ['X', 'X'], ['h']), node('Neg', ['h'], ['Y'])],
  });
  const x = tensorOf('float32', [1, 2], [1, 2]);
  const out = await run(content, { X: x }, ['h', 'nothing', 'Y']);
  expect([...out.keys()].sort()).toEqual(['Y', 'h']);
  expect([...(out.get('h')?.data ?? [])]).toEqual([2, 4]);
  expect([...(out.get('Y')?.data ?? [])]).toEqual([-2, -4]);
});

test('a missing input is a located error', async () => {
  await expect(run(model(), {})).rejects.toBeInstanceOf(PortolanError);
});

test('a hostile model never reaches the native runtime', async () => {
  const file = save('good', bytesOf(model()));
  const m = readFile(file);
  writeFileSync(file, bytesOf(model({ node: [node('Identity', ['Z'], ['Y'])] })));
  await expect(runtime.open(file, m)).rejects.toMatchObject({ diagnostic: { rule: 'onnx/unknown-value' } });
});

test('a tree that asks for a column its input lacks never reaches the native runtime', async () => {
  const list = (name: string, ints: number[]): Fields => ({ name, type: 7, ints });
  const tree = node('TreeEnsembleRegressor', ['X'], ['Y'], {
    domain: 'ai.onnx.ml',
    attribute: [
      list('nodes_treeids', [0, 0, 0]),
      list('nodes_nodeids', [0, 1, 2]),
      list('nodes_featureids', [1000, 0, 0]),
      list('nodes_truenodeids', [1, 0, 0]),
      list('nodes_falsenodeids', [2, 0, 0]),
      { name: 'nodes_modes', type: 8, strings: ['BRANCH_LEQ', 'LEAF', 'LEAF'].map((s) => Buffer.from(s)) },
      { name: 'nodes_values', type: 6, floats: [0.5, 0, 0] },
      list('target_treeids', [0, 0]),
      list('target_nodeids', [1, 2]),
      list('target_ids', [0, 0]),
      { name: 'target_weights', type: 6, floats: [1, 2] },
      { name: 'n_targets', type: 2, i: 1 },
    ],
  });
  const opset_import = [{ version: 18 }, { domain: 'ai.onnx.ml', version: 3 }];
  const content = model({ node: [tree], output: [value('Y', 1, ['N', 1])] }, { opset_import });
  // Whoever looks first, the operator's own inference or the runtime's check: it is refused.
  await expect(run(content, { X: tensorOf('float32', [1, 2], [0, 0]) })).rejects.toBeInstanceOf(
    PortolanError,
  );
});

/**
 * How far a result may be from the library's own prediction, relative to it (or to 1e-3 where it is smaller). The ONNX
 * files compute in float32 what scikit-learn and LightGBM compute in float64: a rounding of 6e-8 an operation, over sums of
 * up to 36 terms and an exponential.
 */
const allowed = 5e-6;

const cases = [
  'cnn',
  'functions',
  'lightgbm-classifier',
  'mlp',
  'mlp-external-data',
  'sklearn-gradient-boosting',
  'sklearn-gradient-boosting-regressor',
  'sklearn-logistic-regression',
  'sklearn-random-forest',
  'sklearn-scaler-mlp',
  'xgboost-classifier',
] as const;

const tableOf = (name: string, file: string): Table => readTable(openSource(fixtureFile(`${name}/${file}`)));

/** The worst relative difference of numbers; labels must be equal. */
const hold = (name: string, results: ReadonlyMap<string, Tensor>, fields: readonly Field[]): void => {
  const got = unbind(results, fields);
  const want = tableOf(name, 'expected.csv');
  expect([...got.columns.keys()].sort()).toEqual([...want.columns.keys()].sort());
  for (const [column, cells] of want.columns) {
    cells.forEach((cell, i) => {
      const found = got.columns.get(column)?.[i];
      const label = /label/.test(column);
      if (label) expect(String(found), `${column}, row ${i}`).toBe(String(cell));
      else {
        const distance = Math.abs(Number(found) - Number(cell)) / Math.max(Math.abs(Number(cell)), 1e-3);
        expect(distance, `${column}, row ${i}: ${found} for ${cell}`).toBeLessThan(allowed);
      }
    });
  }
};

describe('the predictions of the library that trained the model', () => {
  test.each(cases)('%s, in the reference evaluator', (name) => {
    const m = readFile(fixtureFile(`${name}/model.onnx`));
    hold(name, evaluator(m).run(bind(tableOf(name, 'input.csv'), m.fields)), m.fields);
  });

  test.each(cases)('%s, in onnxruntime', async (name) => {
    const file = fixtureFile(`${name}/model.onnx`);
    const scorer = await runtime.open(file, readFile(file));
    hold(name, await scorer.run(bind(tableOf(name, 'input.csv'), scorer.fields)), scorer.fields);
    await scorer.close();
  });

  const targets: readonly [string, (m: Model) => WriteOptions][] = [
    ['written to its own opset', (m) => ({ opset: m.opsets.get('') ?? 21 })],
    ['written to opset 21', () => ({})],
  ];
  for (const [what, options] of targets) {
    test.each(cases)(`%s, ${what}, in onnxruntime`, async (name) => {
      const m = readFile(fixtureFile(`${name}/model.onnx`));
      const { files } = writer.write(m, options(m));
      const file = save(name, Buffer.concat([...(files[0]?.chunks() ?? [])]));
      const scorer = await runtime.open(file, m);
      hold(name, await scorer.run(bind(tableOf(name, 'input.csv'), scorer.fields)), scorer.fields);
      await scorer.close();
    });
  }
});

test('onnxruntime sees no model that the check has not passed', async () => {
  const create = vi.spyOn(InferenceSession, 'create');
  const opened = async (name: string, content: Fields) => {
    const scorer = await runtime.open(
      save(name, bytesOf(content)),
      readFile(save('sound', bytesOf(model()))),
    );
    await scorer.close();
  };
  try {
    const attribute = [{ name: 'alpha', type: 1, f: 1 }];
    const unsound = [
      model({ node: [node('Identity', ['X'], ['Y'], { attribute })] }),
      model({ input: [value('X'), value('X')] }),
      model({ initializer: [{ name: 'W', dims: [-1, 4], data_type: 1, raw_data: new Uint8Array(16) }] }),
    ];
    for (const content of unsound) await expect(opened('unsound', content)).rejects.toThrow(PortolanError);
    expect(create).not.toHaveBeenCalled();
    await opened('sound', model());
    expect(create).toHaveBeenCalledTimes(1);
  } finally {
    create.mockRestore();
  }
});
