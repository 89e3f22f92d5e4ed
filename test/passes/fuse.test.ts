import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import type { Builder } from '../../src/ir/builder.ts';
import { type Model, OWN, type Value } from '../../src/ir/model.ts';
import { express } from '../../src/passes/express.ts';
import { fold } from '../../src/passes/fold.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Case, inputsOf, modelOf, Random, randomCase, route } from './forests.ts';
import { runInOrt } from './ort.ts';

const opsets = new Map([
  ['', 21],
  ['ai.onnx.ml', 5],
]);

type Float = 'float32' | 'float64';

/** Leaf values of very different size, so that another order of adding would show. */
const values = (r: Random, count: number): number[] =>
  Array.from({ length: count }, () => (r.next() - 0.5) * 10 ** (r.below(12) - 6));

const worth = (b: Builder, c: Case, inputs: readonly (Value | null)[], dtype: Float, r: Random): Value => {
  const [outcomes] = route(b, c, inputs, false) as [Value];
  return b.op('Gather', [b.constant(constant(dtype, values(r, c.trees.outcomes))), outcomes], {
    axis: attr.int(0),
  });
};

const numbersOf = (t: Tensor | undefined): number[] => Array.from(t?.data as Float64Array, (v) => v + 0);

/** One TreeEnsemble that adds, and nothing that adds beside it; the same sums bit for bit in onnxruntime. */
const fusesAndAgrees = async (model: Model, inputs: ReadonlyMap<string, Tensor>): Promise<void> => {
  const said = fold(express(model, opsets));
  const names = said.graph.nodes.map((n) => n.op.name);
  expect(names.filter((n) => n === 'TreeEnsemble')).toHaveLength(1);
  expect(names).not.toContain('CumSum');
  const want = numbersOf(evaluator(model).run(inputs).get('y'));
  expect(numbersOf(evaluator(said).run(inputs).get('y'))).toEqual(want);
  expect(numbersOf((await runInOrt(said, inputs)).get('y'))).toEqual(want);
};

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const forest = (r: Random, dtype: Float): Case =>
  randomCase(r, {
    trees: 1 + r.below(30),
    tests: 20,
    plain: true,
    dtypes: dtype === 'float32' ? ['float32'] : ['float64', 'string', 'int32'],
  });

describe('sums over trees', () => {
  it.each(['float64', 'float32'] as const)(
    'are one TreeEnsemble that adds in order, in %s',
    async (dtype) => {
      await fc.assert(
        fc.asyncProperty(seeds, async (seed) => {
          const r = new Random(seed);
          const c = forest(r, dtype);
          const rows = inputsOf(r, r.pick([1, 7, 60, 300]), c);
          for (const base of [null, 'first', 'last']) {
            const model = modelOf(c, (b, inputs) => {
              const x = worth(b, c, inputs, dtype, new Random(seed));
              const start = base ? [b.constant(constant(dtype, [0.1]))] : [];
              return [
                b.op([OWN, 'Sum'], [x, ...start], base ? { base: attr.string(base) } : {}, { output: 'y' }),
              ];
            });
            await fusesAndAgrees(model, rows);
          }
        }),
        { numRuns: 40 },
      );
    },
  );

  it('count votes for classes, weighed by tree', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const r = new Random(seed);
        const c = forest(r, 'float64');
        const trees = c.trees.roots.length;
        const classes = Array.from({ length: c.trees.outcomes }, () => r.below(4) - 1);
        const model = modelOf(c, (b, inputs) => {
          const [outcomes] = route(b, c, inputs, false) as [Value];
          const votes = b.op('Gather', [b.constant(constant('int32', classes)), outcomes], {
            axis: attr.int(0),
          });
          const weights = b.constant(constant('float64', values(r, trees)));
          return [b.op([OWN, 'Tally'], [votes, weights], { classes: attr.int(3) }, { output: 'y' })];
        });
        await fusesAndAgrees(model, inputsOf(r, 100, c));
      }),
      { numRuns: 40 },
    );
  });

  it('count votes of one weight, where onnxruntime takes leaves of equal weight for the same', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const r = new Random(seed);
        // Few values on few columns: tests of equality and membership follow each other.
        const c = randomCase(r, { trees: 20, tests: 8, plain: true, dtypes: ['string', 'int32'] });
        const classes = Array.from({ length: c.trees.outcomes }, () => r.below(3));
        const model = modelOf(c, (b, inputs) => {
          const [outcomes] = route(b, c, inputs, false) as [Value];
          const votes = b.op('Gather', [b.constant(constant('int32', classes)), outcomes], {
            axis: attr.int(0),
          });
          const ones = b.constant(constant('float64', new Array<number>(20).fill(1)));
          return [b.op([OWN, 'Tally'], [votes, ones], { classes: attr.int(3) }, { output: 'y' })];
        });
        await fusesAndAgrees(model, inputsOf(r, 200, c));
      }),
      { numRuns: 60 },
    );
  });

  it('take some of the trees, in the order asked for', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const r = new Random(seed);
        const c = forest(r, 'float64');
        const trees = c.trees.roots.length;
        const some = Array.from({ length: 1 + r.below(trees) }, () => r.below(trees));
        const model = modelOf(c, (b, inputs) => {
          const x = worth(b, c, inputs, 'float64', r);
          const chosen = b.op('Gather', [x, b.constant(constant('int64', some))], { axis: attr.int(1) });
          return [b.op([OWN, 'Sum'], [chosen], {}, { output: 'y' })];
        });
        await fusesAndAgrees(model, inputsOf(r, 50, c));
      }),
      { numRuns: 40 },
    );
  });

  it('stay apart where the tests need more digits than the sum has', async () => {
    const r = new Random(3);
    const c = randomCase(r, { trees: 5, tests: 12, plain: true, dtypes: ['float64'] });
    const model = modelOf(c, (b, inputs) => [
      b.op([OWN, 'Sum'], [worth(b, c, inputs, 'float32', r)], {}, { output: 'y' }),
    ]);
    const inputs = inputsOf(r, 200, c);
    const said = fold(express(model, opsets));
    expect(said.graph.nodes.map((n) => n.op.name)).toContain('CumSum');
    const want = numbersOf(evaluator(model).run(inputs).get('y'));
    expect(numbersOf((await runInOrt(said, inputs)).get('y'))).toEqual(want);
  });

  it('are equal in batches of one row and of ten thousand', async () => {
    const r = new Random(11);
    const c = randomCase(r, { trees: 300, tests: 40, plain: true, dtypes: ['float64'] });
    const model = modelOf(c, (b, inputs) => [
      b.op([OWN, 'Sum'], [worth(b, c, inputs, 'float64', r)], {}, { output: 'y' }),
    ]);
    await fusesAndAgrees(model, inputsOf(r, 10_000, c));
    for (let i = 0; i < 5; i++) await fusesAndAgrees(model, inputsOf(r, 1, c));
  });
});
