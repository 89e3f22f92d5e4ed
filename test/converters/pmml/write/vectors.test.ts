/** Support vector machines and neighbours as elements: labels and values worked out by hand, and which models become one. */
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
import { referenceScorer } from '../../../../src/verify/scorers.ts';
import { verifyScorers } from '../../../../src/verify/verify.ts';
import { modelFrom } from '../../../passes/forests.ts';
import { violations } from '../schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
afterAll(() => rmSync(folder, { recursive: true }));

const documentOf = async (model: Model): Promise<string> => {
  const artifact = await write(model, { to: 'pmml' });
  const bytes = Buffer.concat([...(artifact.files[0]?.chunks() ?? [])]);
  expect(violations(bytes)).toEqual([]);
  return bytes.toString();
};

const saved = (document: string): string => {
  const path = join(folder, 'model.pmml');
  writeFileSync(path, document);
  return path;
};

/** Names of the model elements, in order. */
const elementsIn = (document: string): string[] =>
  [...document.matchAll(/<(\w+Model) /g)].map((m) => m[1] as string);

/** A column of results for rows (x0, x1). */
const scored = async (document: string, name: string, rows: readonly (readonly [number, number])[]) => {
  const table = tableOf([0, 1].map((c) => [`x${c}`, rows.map((r) => r[c] as number)] as const));
  const { results } = await score(await read(saved(document)), table);
  return results.columns.get(name);
};

/** Over the columns x0 and x1: the first output is `label`, those of the second `s0`, `s1` … */
const machine = (make: (b: Builder, x: Value) => readonly (Value | null)[], scores: number): Model => {
  const b = new Builder(operators);
  const x = b.input('x', tensorType('float32', ['N', 2]));
  const [label, values] = make(b, x) as [Value, Value | undefined];
  const graph = b.finish(scores > 0 ? [label, values as Value] : [label]);
  const inputs = [0, 1].map(
    (column): Field => ({ name: `x${column}`, role: 'input', value: x, column, optype: 'continuous' }),
  );
  const text = label.type.kind === 'tensor' && label.type.dtype === 'string';
  const outputs: Field[] = [
    {
      name: 'label',
      role: 'output',
      value: label,
      optype: text ? 'categorical' : 'continuous',
      says: 'prediction',
    },
    ...Array.from(
      { length: scores },
      (_, column): Field => ({
        name: `s${column}`,
        role: 'output',
        value: values as Value,
        column,
        optype: 'continuous',
      }),
    ),
  ];
  return { ...modelFrom(graph), fields: [...inputs, ...outputs] };
};

/** Vectors a (1, 0), b (0, 1), c (-1, -1): ab decides x0 - x1, ac 2 x0 + x1, bc x0 + 2 x1, and rho each. */
const three = (scores: number, rho: readonly number[]): Model =>
  machine(
    (b, x) =>
      b.call(['ai.onnx.ml', 'SVMClassifier'], [x], {
        attributes: {
          classlabels_strings: attr.strings(['a', 'b', 'c']),
          vectors_per_class: attr.ints([1, 1, 1]),
          support_vectors: attr.floats([1, 0, 0, 1, -1, -1]),
          coefficients: attr.floats([1, -1, -1, 1, 1, -1]),
          rho: attr.floats(rho),
        },
        outputs: ['label', 'scores'],
      }),
    scores,
  );

const rows = [
  [2, 0],
  [0, 2],
  [-1, -2],
  [0, 0],
] as const;

describe('a classifier of which the label alone is asked for', () => {
  it('is one element; a value of 0 votes for the second of a pair', async () => {
    const document = await documentOf(three(0, [0, 0, 0]));
    expect(elementsIn(document)).toEqual(['SupportVectorMachineModel']);
    expect(await scored(document, 'label', rows)).toEqual(['a', 'b', 'c', 'c']);
  });

  it('of equal votes the first class wins', async () => {
    // At 0: a beats b by 1, c beats a by 1, b beats c by 1.
    const document = await documentOf(three(0, [1, -1, 1]));
    expect(await scored(document, 'label', [[0, 0]])).toEqual(['a']);
  });
});

describe('a classifier with its decision values', () => {
  it('is an element for each pair, and what they vote for', async () => {
    const document = await documentOf(three(3, [0.5, 0, 0]));
    expect(elementsIn(document)).toEqual([
      'MiningModel',
      ...new Array<string>(3).fill('SupportVectorMachineModel'),
      'TreeModel',
    ]);
    expect(await scored(document, 'label', rows)).toEqual(['a', 'b', 'c', 'c']);
    expect(await scored(document, 's0', rows)).toEqual([2.5, -1.5, 1.5, 0.5]);
    expect(await scored(document, 's1', rows)).toEqual([4, 2, -4, 0]);
    expect(await scored(document, 's2', rows)).toEqual([2, 4, -5, 0]);
  });
});

it('a machine of one class says 1 where its sum is positive, else -1', async () => {
  const model = machine(
    (b, x) => [
      b.op(['ai.onnx.ml', 'SVMRegressor'], [x], {
        one_class: attr.int(1),
        n_supports: attr.int(1),
        kernel_type: attr.string('RBF'),
        kernel_params: attr.floats([1, 0, 0]),
        support_vectors: attr.floats([1, 1]),
        coefficients: attr.floats([1]),
        rho: attr.floats([-0.5]),
      }),
    ],
    0,
  );
  const document = await documentOf(model);
  expect(elementsIn(document)).toContain('SupportVectorMachineModel');
  // e^-0.5 = 0.607, e^-1 = 0.368
  expect(
    await scored(document, 'label', [
      [1, 1],
      [1.5, 1.5],
      [2, 1],
    ]),
  ).toEqual([1, 1, -1]);
});

it('a document of one machine stays one', async () => {
  const at = '../shared/corpora/pmml-real-tools/knime/pmml/SupportVectorMachineIris.pmml';
  expect(elementsIn(await documentOf(await read(at)))).toEqual(['SupportVectorMachineModel']);
});

it('neighbours that single precision cannot tell apart are ties, and no others differ', async () => {
  const model = await read('fixtures/onnx-classical/k-neighbors-even/model.onnx');
  const document = await documentOf(model);
  expect(elementsIn(document)).toContain('NearestNeighborModel');
  const other = await read(saved(document));
  const found = await verifyScorers(
    { a: referenceScorer(model), b: referenceScorer(other), model },
    { sampled: 2000 },
  );
  expect(found.equivalent).toBe(true);
  expect(found.columns[0]?.allowed).toMatch(/; \d+ are ties: neighbours/);
});

it('probabilities of too many classes are refused, with the node and what can be written', async () => {
  const classes = 25;
  const pairs = (classes * (classes - 1)) / 2;
  const many = (scores: number) =>
    machine(
      (b, x) =>
        b.call(['ai.onnx.ml', 'SVMClassifier'], [x], {
          name: 'svc',
          attributes: {
            classlabels_strings: attr.strings(Array.from({ length: classes }, (_, i) => `c${i}`)),
            vectors_per_class: attr.ints(new Array<number>(classes).fill(1)),
            support_vectors: attr.floats(Array.from({ length: 2 * classes }, (_, i) => i % 7)),
            coefficients: attr.floats(new Array<number>((classes - 1) * classes).fill(1)),
            rho: attr.floats(new Array<number>(pairs).fill(0)),
            prob_a: attr.floats(new Array<number>(pairs).fill(-1)),
            prob_b: attr.floats(new Array<number>(pairs).fill(0)),
          },
          outputs: ['label', 'scores'],
        }),
      scores,
    );
  await expect(write(many(classes), { to: 'pmml' })).rejects.toThrow(
    /SVMClassifier 'svc': probabilities of 25 classes come from an iteration/,
  );
  expect(elementsIn(await documentOf(many(0)))).toEqual(['SupportVectorMachineModel']);
});
