/** Every operator of ai.onnx.ml against onnxruntime 1.30 and against the specification's text (fixtures/onnx-ml). */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { run } from '../../../src/kernel/run.ts';
import { expand } from '../../../src/passes/expand.ts';
import { lower } from '../../../src/passes/lower.ts';
import { plain } from '../../../src/passes/plain.ts';
import { tensor } from '../../../src/tensor/tensor.ts';
import { expectAgreement } from '../agree.ts';
import { inputsOf, modelOf, readVectors, tensorOfVector, type Vector } from '../vectors.ts';

const folder = new URL('../../../fixtures/onnx-ml/', import.meta.url);
const files = readdirSync(folder).filter((f) => f.endsWith('.json'));

/**
 * Sums of trees, lookups and scalings are exact. Elementary functions and dot products of a few terms near 1 differ by
 * a few ULP of float32 (6e-8 each), and by that much absolutely where 1 − v cancels.
 */
const loose = { relative: 1e-5, absolute: 3e-7 };
const inexact = new Set([
  'LinearClassifier',
  'LinearRegressor',
  'Normalizer',
  'SVMClassifier',
  'SVMRegressor',
]);

const toleranceOf = (name: string, { attributes: { post_transform } }: Vector) =>
  inexact.has(name) || (post_transform !== undefined && post_transform.int !== 0) ? loose : {};

/** Refused by the row language. */
const unlowered = new Set(['SVMClassifier', 'SVMRegressor']);

/** One row that is a vector is no row axis. */
const hasRows = (dims: readonly number[]) => dims.length > 1;

test('there are vectors for the operators', () => {
  expect(files.length).toBeGreaterThanOrEqual(14);
});

for (const file of files) {
  const name = file.replace('.json', '');
  describe(name, () => {
    for (const vector of readVectors(new URL(file, folder))) {
      const holding = {
        rows: hasRows(vector.inputs[0]?.dims ?? []),
        constants: name === 'ArrayFeatureExtractor' ? [1] : [],
      };
      test(vector.name, () => {
        const model = modelOf('ai.onnx.ml', name, vector, holding);
        model.graph.results.forEach((v, i) => {
          const { dtype, dims } = vector.outputs[i] as { dtype: string; dims: readonly number[] };
          const [, ...rest] = dims;
          expect(v.type).toEqual({
            kind: 'tensor',
            dtype,
            dims: holding.rows ? ['N', ...rest] : dims,
            absent: 'never',
          });
        });
        const results = evaluator(model).run(inputsOf(vector, holding));
        vector.outputs.forEach((expected, i) => {
          expectAgreement(results.get(`Y${i}`), tensorOfVector(expected), toleranceOf(name, vector));
        });
      });
      if (!holding.rows || unlowered.has(name)) continue;
      test(`${vector.name}, in the row language`, () => {
        const program = lower(
          plain(expand(modelOf('ai.onnx.ml', name, vector, holding)), { edge: 'planes' }),
        );
        if (!('statements' in program)) return expect(program).toEqual([]);
        const inputs = inputsOf(vector, holding);
        const rows = vector.inputs[0]?.dims[0] as number;
        const results = run(program, new Map([...inputs].map(([k, t]) => [k, t.data])), rows);
        vector.outputs.forEach((expected, i) => {
          const data = results.get(`Y${i}`);
          const actual = data && tensor(expected.dtype, expected.dims, data);
          expectAgreement(actual, tensorOfVector(expected), toleranceOf(name, vector));
        });
      });
    }
  });
}
