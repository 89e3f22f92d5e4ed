import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, tensorType } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import { express } from '../../src/passes/express.ts';
import { ulpDistance } from '../../src/tensor/float.ts';
import { tensorOf } from '../../src/tensor/tensor.ts';
import { modelFrom, Random } from './forests.ts';
import { runInOrt } from './ort.ts';

const opsets = new Map([
  ['', 21],
  ['ai.onnx.ml', 5],
]);

const model = (op: string): Model => {
  const b = new Builder(operators);
  const x = b.input('x', tensorType('float64', ['N', 1]));
  return modelFrom(b.finish([b.op(op, op === 'PRelu' || op === 'Mean' ? [x, x] : [x], {}, { output: 'y' })]));
};

/** The function as it is said for onnxruntime, by our evaluator and by onnxruntime. */
const said = async (op: string, xs: readonly number[]): Promise<readonly number[][]> => {
  const expressed = express(model(op), opsets);
  const input = new Map([['x', tensorOf('float64', [xs.length, 1], xs)]]);
  const results = [evaluator(expressed).run(input), await runInOrt(expressed, input)];
  return results.map((r) => Array.from(r.get('y')?.data as Float64Array));
};

const r = new Random(5);
const near = Array.from({ length: 3000 }, () => (r.next() - 0.5) * 10 ** (r.below(16) - 12));
const far = Array.from({ length: 2000 }, () => (r.next() - 0.5) * 1400);
const unit = [...Array.from({ length: 3000 }, () => r.next() * 2 - 1), 1, -1, 0, 1 - 2 ** -53, 1e-300];
const edges = [0, Infinity, -Infinity, Number.NaN, 1e-310, 1e308, -1e308, 709.9, 710.4, -745, 36, -40, 6, -6];
const all = [...near, ...far, ...edges];

/** erf, from mpmath 1.3 with 40 digits, rounded to double. */
const erf: readonly (readonly [number, number])[] = [
  [0, 0],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [3, 0.9999779095030014],
  [-1, -0.8427007929497149],
  [1e-10, 1.1283791670955126e-10],
  [7, 1],
  [Infinity, 1],
];

describe('float64 where onnxruntime has no kernel', () => {
  const functions: readonly (readonly [string, readonly number[], (x: number) => number])[] = [
    ['Sigmoid', all, (x) => 1 / (1 + Math.exp(-x))],
    ['Atan', all, Math.atan],
    ['Asin', unit, Math.asin],
    ['Acos', unit, Math.acos],
    ['Sinh', all, Math.sinh],
    ['Cosh', all, Math.cosh],
    ['Tanh', all, Math.tanh],
    ['Softplus', all, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
    ['Asinh', all, Math.asinh],
    ['Acosh', [...near.map((x) => 1 + Math.abs(x)), 1, 1e300, Infinity], Math.acosh],
    ['Atanh', unit, Math.atanh],
  ];

  // V8's own functions are at most one unit off; the forms, at most four on top of that.
  it.each(functions)('%s is within 5 units in the last place', async (op, xs, f) => {
    for (const ys of await said(op, xs)) {
      const worst = xs
        .map((x, i) => ({ x, y: ys[i] as number, want: f(x) }))
        .filter(({ y, want }) => ulpDistance(y, want) > 5);
      expect(worst).toEqual([]);
    }
  });

  it('Erf is within 6 units, and odd', async () => {
    for (const ys of await said(
      'Erf',
      erf.map(([x]) => x),
    )) {
      erf.forEach(([x, want], i) => {
        expect(ulpDistance(ys[i] as number, want), `erf(${x}) = ${ys[i]}`).toBeLessThanOrEqual(6);
      });
    }
  });

  it('Tan is as near as the Sin and Cos of the runtime', async () => {
    const xs = near.filter((x) => Math.abs(x) < 1.4);
    for (const ys of await said('Tan', xs)) {
      xs.forEach((x, i) => {
        expect(Math.abs((ys[i] as number) - Math.tan(x))).toBeLessThanOrEqual(
          4e-16 * Math.max(1, Math.tan(x) ** 2),
        );
      });
    }
  });

  it.each([
    'Celu',
    'Elu',
    'Gelu',
    'HardSigmoid',
    'HardSwish',
    'LeakyRelu',
    'Mean',
    'Mish',
    'PRelu',
    'Selu',
    'Softsign',
    'ThresholdedRelu',
  ])('%s runs, as the standard says it in other operators', async (op) => {
    const xs = [-30, -2, -0.5, 0, 0.1, 1, 5, 40];
    const want = Array.from(
      evaluator(model(op))
        .run(new Map([['x', tensorOf('float64', [xs.length, 1], xs)]]))
        .get('y')?.data as Float64Array,
    );
    for (const ys of await said(op, xs)) {
      ys.forEach((y, i) => {
        expect(Math.abs(y - (want[i] as number))).toBeLessThanOrEqual(
          1e-14 * Math.max(1, Math.abs(want[i] as number)),
        );
      });
    }
  });
});
