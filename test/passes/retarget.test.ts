import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, tensorType, type Value } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import { express, obstacles } from '../../src/passes/express.ts';
import { constant } from '../../src/tensor/data.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';
import { modelFrom } from './forests.ts';
import { runInOrt } from './ort.ts';

const over = (dtype: DType, make: (b: Builder, x: Value) => readonly Value[]): Model => {
  const b = new Builder(operators);
  return modelFrom(b.finish(make(b, b.input('x', tensorType(dtype, ['N', 4])))));
};

const ints = (b: Builder, ...values: number[]): Value => b.constant(constant('int64', values));
const numbers = tensorOf('float64', [3, 4], [1, 2, 3, 4, -1, 0.5, 7, -9, 0, 1e10, 3, 2]);
const words = tensorOf('string', [3, 4], ['a', 'b', '', 'd', 'a', 'a', 'x', 'y', '', 'z', 'b', 'c']);
const opsetsOf = (opset: number) =>
  new Map([
    ['', opset],
    ['ai.onnx.ml', 2],
  ]);

const cases: readonly (readonly [string, number, Tensor, (b: Builder, x: Value) => readonly Value[]])[] = [
  ['ReduceMax', 13, numbers, (b, x) => [b.op('ReduceMax', [x, ints(b, 1)], {}, { output: 'y' })]],
  [
    'ReduceSum',
    11,
    numbers,
    (b, x) => [b.op('ReduceSum', [x, ints(b, 1)], { keepdims: attr.int(0) }, { output: 'y' })],
  ],
  ['ReduceMean', 17, numbers, (b, x) => [b.op('ReduceMean', [x], {}, { output: 'y' })]],
  ['Unsqueeze', 11, numbers, (b, x) => [b.op('Unsqueeze', [x, ints(b, 0, 3)], {}, { output: 'y' })]],
  [
    'Squeeze',
    11,
    numbers,
    (b, x) => [b.op('Squeeze', [b.op('Unsqueeze', [x, ints(b, 1)]), ints(b, 1)], {}, { output: 'y' })],
  ],
  ['Softmax', 11, numbers, (b, x) => [b.op('Softmax', [x], { axis: attr.int(-1) }, { output: 'y' })]],
  [
    'Softmax over rows',
    11,
    numbers,
    (b, x) => [b.op('Softmax', [x], { axis: attr.int(0) }, { output: 'y' })],
  ],
  [
    'LabelEncoder of doubles',
    13,
    numbers,
    (b, x) => [
      b.op(
        ['ai.onnx.ml', 'LabelEncoder'],
        [x],
        {
          keys_tensor: attr.data(constant('float64', [1, 0.5, -9])),
          values_tensor: attr.data(constant('int64', [7, 8, 9])),
          default_tensor: attr.data(constant('int64', [-1])),
        },
        { output: 'y' },
      ),
    ],
  ],
  [
    'Split by extents',
    11,
    numbers,
    (b, x) =>
      b.call(['', 'Split'], [x, ints(b, 1, 3)], {
        attributes: { axis: attr.int(1) },
        outputs: ['y', 'z'],
      }) as Value[],
  ],
  [
    'Split by number',
    13,
    numbers,
    (b, x) =>
      b.call(['', 'Split'], [x], {
        attributes: { axis: attr.int(1), num_outputs: attr.int(2) },
        outputs: ['y', 'z'],
      }) as Value[],
  ],
  [
    'Equal of strings',
    13,
    words,
    (b, x) => [b.op('Equal', [x, b.constant(constant('string', ['a'], []))], {}, { output: 'y' })],
  ],
  [
    'Equal of strings, turned',
    13,
    words,
    (b, x) => [b.op('Equal', [b.constant(constant('string', [''])), x], {}, { output: 'y' })],
  ],
];

describe('older opsets', () => {
  it.each(cases)('%s at opset %d', async (_, opset, x, make) => {
    const model = over(x.dtype, make);
    const inputs = new Map([['x', x]]);
    const want = evaluator(model).run(inputs);
    const said = express(model, opsetsOf(opset));
    for (const got of [evaluator(said).run(inputs), await runInOrt(said, inputs, opset)]) {
      for (const [name, t] of want) {
        expect(got.get(name)?.dims).toEqual(t.dims);
        const differ = Array.from(t.data as Float64Array, (v, i) => {
          const y = (got.get(name) as Tensor).data[i];
          return y === v || Math.abs(Number(y) - Number(v)) <= 4e-16 * Math.abs(Number(v));
        }).filter((same) => !same);
        expect(differ).toEqual([]);
      }
    }
  });

  it('refuse what they cannot say, and say why', () => {
    const why = (opset: number, dtype: DType, make: (b: Builder, x: Value) => readonly Value[]) =>
      obstacles(over(dtype, make), opsetsOf(opset)).map((o) => [o.operator, o.rule]);
    expect(why(13, 'string', (b, x) => [b.op('Equal', [x, x])])).toEqual([['Equal', 'express/string-equal']]);
    expect(why(13, 'int64', (b, x) => [b.op('ReduceMax', [x, b.op('Gather', [x, ints(b, 0)])])])).toEqual([
      ['ReduceMax', 'express/not-constant'],
    ]);
  });
});
