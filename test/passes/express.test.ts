import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { type Model, OWN, type Value } from '../../src/ir/model.ts';
import { express } from '../../src/passes/express.ts';
import { fold } from '../../src/passes/fold.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { inputsOf, modelOf, Random, randomCase, route } from './forests.ts';
import { runInOrt } from './ort.ts';

const opsets = new Map([
  ['', 21],
  ['ai.onnx.ml', 5],
]);

const plainTensors = (results: ReadonlyMap<string, Tensor>) =>
  Object.fromEntries(
    [...results].map(([name, t]) => [
      name,
      { dims: [...t.dims], data: [...(t.data as ArrayLike<unknown> as unknown[])] },
    ]),
  );

/** The model, the model expressed, and the expressed one in onnxruntime give the same, bit for bit. */
const agree = async (model: Model, inputs: ReadonlyMap<string, Tensor>): Promise<void> => {
  const want = plainTensors(evaluator(model).run(inputs));
  const expressed = fold(express(model, opsets));
  for (const n of expressed.graph.nodes) expect(n.op.domain).not.toBe(OWN);
  expect(plainTensors(evaluator(expressed).run(inputs))).toEqual(want);
  expect(plainTensors(await runInOrt(expressed, inputs))).toEqual(want);
};

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe('express', () => {
  it('says routes through any trees so that every row reaches the same outcome', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const r = new Random(seed);
        const c = randomCase(r);
        const model = modelOf(c, (b, inputs) => [route(b, c, inputs, false)[0] as Value]);
        await agree(model, inputsOf(r, 60, c));
      }),
      { numRuns: 150 },
    );
  });

  it('counts the UNKNOWN tests on the way', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const r = new Random(seed);
        const c = randomCase(r);
        const model = modelOf(c, (b, inputs) => route(b, c, inputs, true) as Value[]);
        await agree(model, inputsOf(r, 60, c));
      }),
      { numRuns: 150 },
    );
  });
});
