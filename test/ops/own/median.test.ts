import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Model, type Node, OWN, tensorType, type Value } from '../../../src/ir/model.ts';
import { Median } from '../../../src/ops/own/Median.ts';
import { operators } from '../../../src/ops/registry.ts';
import { express } from '../../../src/passes/express.ts';
import { constant } from '../../../src/tensor/data.ts';
import { type Tensor, tensor, tensorOf } from '../../../src/tensor/tensor.ts';
import { modelFrom } from '../../passes/forests.ts';
import { runInOrt } from '../../passes/ort.ts';

type Rows = readonly (readonly (number | null)[])[];

const given = (rows: Rows): Tensor => {
  const width = rows[0]?.length ?? 0;
  const all = rows.flat();
  return tensor(
    'float64',
    [rows.length, width],
    Float64Array.from(all, (v) => v ?? 0),
    Uint8Array.from(all, (v) => (v === null ? 1 : 0)),
  );
};

const node = (inputs: readonly (Value | null)[]): Node => ({
  op: { domain: OWN, name: 'Median', since: 1 },
  name: '',
  inputs,
  outputs: [],
  attributes: new Map(),
  from: [],
});

/** The operator itself: at the edge of a model NaN would be missing. */
const median = (rows: Rows, weights?: readonly number[]): (number | null)[] => {
  // As many weights as elements are those of each row.
  const own = weights && rows.length > 1 && weights.length === rows.flat().length;
  const dims = own ? [rows.length, weights.length / rows.length] : [weights?.length ?? 0];
  const w = weights ? tensorOf('float64', dims, weights) : null;
  const y = Median.evaluate?.([given(rows), w], node([]))[0] as Tensor;
  return Array.from(y.data as Float64Array, (v, i) => (y.missing?.[i] ? null : v));
};

/** Data and plane as inputs, the median as it is over planes as results. */
const planes = (width: number, weights?: readonly number[]): Model => {
  const b = new Builder(operators);
  const data = b.input('x', tensorType('float64', ['N', width]));
  const missing = b.input('m', tensorType('bool', ['N', width]));
  const w = weights ? { data: b.constant(constant('float64', weights)), missing: null } : null;
  const out = Median.plain?.(node([data]), b, [{ data, missing }, w]);
  const [plane] = out as readonly { data: Value; missing: Value }[];
  return modelFrom(b.finish([plane?.data as Value, plane?.missing as Value]));
};

describe('Median', () => {
  it('is the middle of the elements present, or the mean of the middle two', () => {
    // The first five are pmml4s's own tests of PMML's median function.
    expect(median([[1, 3, 2]])).toEqual([2]);
    expect(median([[1, null, 3, 2, null]])).toEqual([2]);
    expect(median([[1, 3, 2, 4]])).toEqual([2.5]);
    expect(median([[1, null, 3, 2, null, 4]])).toEqual([2.5]);
    expect(median([[null, null]])).toEqual([null]);
    expect(median([[7], [Number.NaN], [null]])).toEqual([7, Number.NaN, null]);
    expect(
      median([
        [Infinity, 1, null],
        [-Infinity, 5, 9],
      ]),
    ).toEqual([Infinity, 5]);
  });

  it('with weights is the element at which half of the weight is reached', () => {
    // In order 1, 2, 3 with weights 0.2, 0.3, 0.5: sums 0.2, 0.5, 1; half is 0.5.
    expect(median([[3, 1, 2]], [0.5, 0.2, 0.3])).toEqual([2]);
    // Without 2: sums 0.2, 0.7; half is 0.35.
    expect(median([[3, 1, null]], [0.5, 0.2, 0.3])).toEqual([3]);
    expect(median([[null, null, null]], [0.5, 0.2, 0.3])).toEqual([null]);
    expect(median([[5, 5, 1]], [1, 1, 1])).toEqual([5]);
    // Weights of each row: in order 1, 2, 3 they are 1, 1, 5, and then 5, 1, 1.
    const rows = [
      [3, 1, 2],
      [3, 1, 2],
    ];
    expect(median(rows, [5, 1, 1, 1, 5, 1])).toEqual([3, 1]);
  });

  it('is the same over planes, in onnxruntime too', async () => {
    const element = fc.option(
      fc.constantFrom(0, -1.5, 1e300, -1e300, 3, 7.25, Infinity, -Infinity, Number.NaN),
      { freq: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }).chain((k) =>
          fc.tuple(
            fc.array(fc.array(element, { minLength: k, maxLength: k }), { minLength: 1, maxLength: 8 }),
            fc.option(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: k, maxLength: k }), {
              nil: undefined,
            }),
          ),
        ),
        async ([rows, weights]) => {
          const want = median(rows, weights);
          const x = given(rows);
          const inputs = new Map([
            ['x', tensor('float64', x.dims, x.data)],
            ['m', tensor('bool', x.dims, x.missing as Uint8Array)],
          ]);
          const opsets = new Map([
            ['', 21],
            ['ai.onnx.ml', 5],
          ]);
          const said = express(planes(x.dims[1] as number, weights), opsets);
          const names = said.graph.results.map((v) => v.name);
          for (const run of [evaluator(said).run(inputs), await runInOrt(said, inputs)]) {
            const [value, missing] = names.map((n) => run.get(n) as Tensor);
            const got = Array.from(value?.data as Float64Array, (v, i) => (missing?.data[i] ? null : v));
            expect(got).toEqual(want);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
