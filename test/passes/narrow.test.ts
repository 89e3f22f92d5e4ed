import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { OWN, tensorType, type Value } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import { express } from '../../src/passes/express.ts';
import { fold } from '../../src/passes/fold.ts';
import { narrow } from '../../src/passes/narrow.ts';
import { constant } from '../../src/tensor/data.ts';
import { neighbours } from '../../src/tensor/float.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';
import { inputsOf, modelFrom, modelOf, Random, randomCase, route } from './forests.ts';
import { runInOrt } from './ort.ts';

const opsets = new Map([
  ['', 21],
  ['ai.onnx.ml', 5],
]);

/** float64 tensors of float32 numbers, as the float32 tensors they are. */
const asFloat32 = (inputs: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map(
    [...inputs].map(([name, t]) => [
      name,
      t.dtype === 'float64' ? tensorOf('float32', t.dims, t.data as Float64Array) : t,
    ]),
  );

const rounded = (inputs: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map(
    [...inputs].map(([name, t]) => [
      name,
      t.dtype === 'float64'
        ? tensorOf('float64', t.dims, Float64Array.from(t.data as Float64Array, Math.fround))
        : t,
    ]),
  );

const dataOf = (results: ReadonlyMap<string, Tensor>, name: string): unknown[] =>
  Array.from(results.get(name)?.data as ArrayLike<unknown>);

describe('narrow', () => {
  it('changes no route of rows that are float32 numbers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
        const r = new Random(seed);
        const c = randomCase(r, { dtypes: ['float64', 'string', 'bool'] });
        const model = modelOf(c, (b, inputs) => [route(b, c, inputs, false)[0] as Value]);
        const rows = rounded(inputsOf(r, 80, c));
        const want = evaluator(model).run(rows);
        const { model: small } = narrow(fold(express(model, opsets)));
        for (const p of [...small.graph.params, ...small.graph.parameters.map((p) => p.value)]) {
          expect(p.type).not.toMatchObject({ dtype: 'float64' });
        }
        const given = asFloat32(rows);
        expect(dataOf(evaluator(small).run(given), 'outcomes')).toEqual(dataOf(want, 'outcomes'));
        expect(dataOf(await runInOrt(small, given), 'outcomes')).toEqual(dataOf(want, 'outcomes'));
      }),
      { numRuns: 100 },
    );
  });

  it('rounds thresholds of comparisons to the side that decides alike, never to the nearest', () => {
    // 0.1 is no float32: the nearest one, 0.100000001, lies above it. 0.3 likewise; 0.7's lies below.
    for (const t of [0.1, 0.3, 0.7, 1e300, -1e300, 16777217]) {
      const near = Math.min(Math.max(Math.fround(t), -3.4e38), 3.4e38);
      const xs = [...new Set([near, ...neighbours(Math.fround(near), 'float32'), Infinity, -Infinity])].map(
        Math.fround,
      );
      for (const op of ['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal']) {
        for (const left of [false, true]) {
          const b = new Builder(operators);
          const x = b.input('x', tensorType('float64', ['N', 1]));
          const c = b.constant(constant('float64', [t], []));
          const model = modelFrom(b.finish([b.op(op, left ? [c, x] : [x, c], {}, { output: 'y' })]));
          const wide = tensorOf('float64', [xs.length, 1], xs);
          const small = evaluator(narrow(express(model, opsets)).model).run(
            asFloat32(new Map([['x', wide]])),
          );
          const want = evaluator(model).run(new Map([['x', wide]]));
          expect(dataOf(small, 'y'), `${left ? `${t} ${op} x` : `x ${op} ${t}`}`).toEqual(dataOf(want, 'y'));
        }
      }
    }
  });

  it('reports what is lost, and nothing where nothing was float64', () => {
    const make = (dtype: 'float32' | 'float64') => {
      const b = new Builder(operators);
      const x = b.input('x', tensorType(dtype, ['N', 3]));
      return express(modelFrom(b.finish([b.op([OWN, 'Sum'], [x], {}, { output: 'y' })])), opsets);
    };
    const lost = narrow(make('float64'));
    expect(lost.diagnostics.map((d) => [d.rule, d.severity])).toEqual([
      ['narrow/inputs', 'loss'],
      ['narrow/arithmetic', 'loss'],
    ]);
    expect(lost.diagnostics[0]?.message).toContain("'x'");
    expect(lost.model.graph.results[0]?.type).toMatchObject({ dtype: 'float32' });
    expect(narrow(make('float32')).diagnostics).toEqual([]);
  });

  it('refuses numbers that no float32 can hold', () => {
    const b = new Builder(operators);
    const x = b.input('x', tensorType('float64', ['N', 1]));
    const model = modelFrom(
      b.finish([b.op('Mul', [x, b.constant(constant('float64', [1e300], []))], {}, { output: 'y' })]),
    );
    const small = () =>
      evaluator(narrow(model).model).run(new Map([['x', tensorOf('float32', [1, 1], [1])]]));
    expect(small).toThrow(/1e\+300 is larger than every float32/);
  });

  it('keeps places of outcomes exact that a float32 cannot tell apart', async () => {
    // Two leaves of a TreeEnsemble whose numbers are 2^24 and 2^24 + 1.
    const b = new Builder(operators);
    const x = b.input('x', tensorType('float64', ['N', 1]));
    const y = b.op(['ai.onnx.ml', 'TreeEnsemble'], [x], {
      n_targets: attr.int(1),
      tree_roots: attr.ints([0]),
      nodes_featureids: attr.ints([0]),
      nodes_modes: attr.data(constant('uint8', [0])),
      nodes_splits: attr.data(constant('float64', [0.1])),
      nodes_truenodeids: attr.ints([0]),
      nodes_trueleafs: attr.ints([1]),
      nodes_falsenodeids: attr.ints([1]),
      nodes_falseleafs: attr.ints([1]),
      leaf_targetids: attr.ints([0, 0]),
      leaf_weights: attr.data(constant('float64', [2 ** 24, 2 ** 24 + 1])),
    });
    const model = modelFrom(b.finish([b.op('Cast', [y], { to: attr.int(6) }, { output: 'y' })]));
    const small = narrow(model).model;
    const rows = new Map([['x', tensorOf('float32', [2, 1], [0, 1])]]);
    expect(dataOf(evaluator(small).run(rows), 'y')).toEqual([2 ** 24, 2 ** 24 + 1]);
    expect(dataOf(await runInOrt(small, rows), 'y')).toEqual([2 ** 24, 2 ** 24 + 1]);
  });
});
