/** Networks as NeuralNetwork elements: numbers worked out by hand, and which models become one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { read } from '../../../../src/api/read.ts';
import { score } from '../../../../src/api/score.ts';
import { write } from '../../../../src/api/write.ts';
import { attr } from '../../../../src/ir/attributes.ts';
import { Builder } from '../../../../src/ir/builder.ts';
import { type Field, type Model, tensorType, type Value } from '../../../../src/ir/model.ts';
import { operators } from '../../../../src/ops/registry.ts';
import { tableOf } from '../../../../src/rows/table.ts';
import { constant } from '../../../../src/tensor/data.ts';
import { modelFrom } from '../../../passes/forests.ts';
import { violations } from '../schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'networks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const documentOf = async (model: Model): Promise<string> => {
  const artifact = await write(model, { to: 'pmml' });
  const bytes = Buffer.concat([...(artifact.files[0]?.chunks() ?? [])]);
  expect(violations(bytes)).toEqual([]);
  return bytes.toString();
};

/** Names of the model elements, in order. */
const elementsIn = (document: string): string[] =>
  [...document.matchAll(/<(\w+Model|NeuralNetwork) /g)].map((m) => m[1] as string);

/** What the document says of a row. */
const scored = async (document: string, row: Readonly<Record<string, number>>) => {
  const path = join(folder, 'model.pmml');
  writeFileSync(path, document);
  const table = tableOf(Object.entries(row).map(([name, x]) => [name, [x]] as const));
  const { results } = await score(await read(path), table);
  return Object.fromEntries([...results.columns].map(([name, [x]]) => [name, x]));
};

/** A neuron with its bias and what it hears, in order. */
const neuron = (document: string, id: string): number[] => {
  const text = new RegExp(`<Neuron id="${id}" bias="([^"]*)">(.*?)</Neuron>`, 's').exec(document);
  return [text?.[1], ...[...(text?.[2] ?? '').matchAll(/weight="([^"]*)"/g)].map((m) => m[1])].map(Number);
};

const matrix = (b: Builder, rows: readonly (readonly number[])[]): Value =>
  b.constant(constant('float32', rows.flat(), [rows.length, (rows[0] as number[]).length]));

const vector = (b: Builder, ...values: number[]): Value => b.constant(constant('float32', values));

/** A network over the columns x0 and x1; `make` gives its outputs, which `shown` names. */
const network = (
  make: (b: Builder, x: Value) => readonly Value[],
  shown: readonly (Pick<Field, 'name' | 'optype' | 'says'> & {
    value: number;
    column?: number;
    label?: string;
  })[],
): Model => {
  const b = new Builder(operators);
  const x = b.input('x', tensorType('float32', ['N', 2]));
  const graph = b.finish(make(b, x));
  const inputs = [0, 1].map(
    (column): Field => ({ name: `x${column}`, role: 'input', value: x, column, optype: 'continuous' }),
  );
  const outputs = shown.map((f): Field => ({ ...f, role: 'output', value: graph.results[f.value] as Value }));
  return { ...modelFrom(graph), fields: [...inputs, ...outputs] };
};

const label = (b: Builder, scores: Value, ...classes: string[]): Value => {
  const best = b.op('ArgMax', [scores], { axis: attr.int(1) });
  const taken = b.op(
    ['ai.onnx.ml', 'ArrayFeatureExtractor'],
    [b.constant(constant('string', classes)), best],
  );
  return b.op('Reshape', [taken, b.constant(constant('int64', [-1n]))], {}, { output: 'label' });
};

/** relu(x · W + b) for x = (1, -2): (-4, 4.5) before, (0, 4.5) behind. */
const hidden = (b: Builder, x: Value): Value =>
  b.op('Relu', [
    b.op('Add', [
      vector(b, 1, 0.5),
      b.op('MatMul', [
        x,
        matrix(b, [
          [1, 2],
          [3, -1],
        ]),
      ]),
    ]),
  ]);

const probabilities = (classes: readonly string[]) =>
  classes.map((c, column) => ({
    name: `probability(${c})`,
    optype: 'continuous' as const,
    says: 'probability' as const,
    label: c,
    value: 1,
    column,
  }));

const labelled = { name: 'label', optype: 'categorical', says: 'prediction', value: 0 } as const;

describe('a network of softmax', () => {
  // 0.5 h · Bᵀ + 2 c = (0, 4.5 - 2, -4.5 + 8)
  const model = network(
    (b, x) => {
      const weights = matrix(b, [
        [1, 0],
        [0, 2],
        [2, -2],
      ]);
      const scores = b.op(
        'Softmax',
        [
          b.op('Gemm', [hidden(b, x), weights, vector(b, 0, -1, 4)], {
            alpha: attr.float(0.5),
            beta: attr.float(2),
            transB: attr.int(1),
          }),
        ],
        { axis: attr.int(-1) },
        { output: 'scores' },
      );
      return [label(b, scores, 'a', 'b', 'c'), scores];
    },
    [labelled, ...probabilities(['a', 'b', 'c'])],
  );

  it('has a neuron for each column of each product', async () => {
    const document = await documentOf(model);
    expect(elementsIn(document)).toEqual(['NeuralNetwork']);
    expect(neuron(document, '1.0')).toEqual([1, 1, 3]);
    expect(neuron(document, '1.1')).toEqual([0.5, 2, -1]);
    expect(neuron(document, '2.1')).toEqual([-2, 0, 1]);
    expect(neuron(document, '2.2')).toEqual([8, 1, -1]);
  });

  it('says what was worked out by hand', async () => {
    const said = await scored(await documentOf(model), { x0: 1, x1: -2 });
    const whole = 1 + Math.exp(2.5) + Math.exp(3.5);
    expect(said.label).toBe('c');
    // Probabilities are shown in single precision.
    expect(said['probability(a)']).toBeCloseTo(1 / whole, 7);
    expect(said['probability(b)']).toBeCloseTo(Math.exp(2.5) / whole, 7);
    expect(said['probability(c)']).toBeCloseTo(Math.exp(3.5) / whole, 7);
  });

  it('has a chain around it where probabilities are shown under other names', async () => {
    const fields = model.fields.map((f) => (f.says === 'probability' ? { ...f, name: `p_${f.label}` } : f));
    const document = await documentOf({ ...model, fields });
    expect(elementsIn(document)).toEqual(['MiningModel', 'NeuralNetwork', 'TreeModel']);
    const said = await scored(document, { x0: 1, x1: -2 });
    expect(Object.keys(said)).toEqual(['label', 'p_a', 'p_b', 'p_c']);
    expect(said.label).toBe('c');
  });
});

describe('other networks', () => {
  it('two classes are two neurons that hear opposites', async () => {
    const model = network(
      (b, x) => {
        const z = b.op('Gemm', [hidden(b, x), matrix(b, [[1], [-0.5]]), vector(b, 0.25)]);
        const p = b.op('Sigmoid', [z]);
        const q = b.op('Sub', [b.constant(constant('float32', [1], [])), p]);
        const scores = b.op('Concat', [q, p], { axis: attr.int(1) }, { output: 'scores' });
        return [label(b, scores, 'no', 'yes'), scores];
      },
      [labelled, ...probabilities(['no', 'yes'])],
    );
    const document = await documentOf(model);
    expect(elementsIn(document)).toEqual(['NeuralNetwork']);
    expect(neuron(document, '2.0')).toEqual([-0.25, -1, 0.5]);
    expect(neuron(document, '2.1')).toEqual([0.25, 1, -0.5]);
    const said = await scored(document, { x0: 1, x1: -2 });
    // z = -2.25 + 0.25
    expect(said.label).toBe('no');
    expect(said['probability(yes)']).toBeCloseTo(1 / (1 + Math.exp(2)), 7);
  });

  it('one number is a regression; two are not', async () => {
    const make = (width: number) => (b: Builder, x: Value) => {
      const weights = matrix(b, [new Array<number>(width).fill(2), new Array<number>(width).fill(3)]);
      return [b.op('MatMul', [b.op('Tanh', [hidden(b, x)]), weights], {}, { output: 'y' })];
    };
    const field = { name: 'y', optype: 'continuous', says: 'prediction', value: 0, column: 0 } as const;
    const one = await documentOf(network(make(1), [field]));
    // The Tanh behind the Relu has no layer of its own: what stands before it is no neuron.
    expect(elementsIn(one)).toEqual(['RegressionModel']);
    const layered = (width: number) => (b: Builder, x: Value) => {
      const weights = matrix(b, [new Array<number>(width).fill(2), new Array<number>(width).fill(3)]);
      return [b.op('MatMul', [hidden(b, x), weights], {}, { output: 'y' })];
    };
    const document = await documentOf(network(layered(1), [field]));
    expect(elementsIn(document)).toEqual(['NeuralNetwork']);
    expect((await scored(document, { x0: 1, x1: -2 })).y).toBe(13.5);
    const two = await documentOf(network(layered(2), [field, { ...field, name: 'z', column: 1 }]));
    expect(elementsIn(two)).not.toContain('NeuralNetwork');
  });
});

describe('networks of tools', () => {
  const corpus = '../shared/corpora/pmml-real-tools';
  it.each([
    'fixtures/onnx-classical/mlp-classifier/model.onnx',
    'fixtures/onnx-classical/mlp-regressor/model.onnx',
    'fixtures/pmml/spec/network-simplemax/model.pmml',
    `${corpus}/knime/pmml/NeuralNetworkIris.pmml`,
    `${corpus}/knime/pmml/NeuralNetworkOzone.pmml`,
    `${corpus}/rapidminer/pmml/NeuralNetworkIris.pmml`,
    `${corpus}/rattle/pmml/NeuralNetworkIris.pmml`,
    `${corpus}/rattle/pmml/NeuralNetworkOzone.pmml`,
  ])('%s is one NeuralNetwork', async (path) => {
    expect(elementsIn(await documentOf(await read(path)))).toEqual(['NeuralNetwork']);
  });
});
