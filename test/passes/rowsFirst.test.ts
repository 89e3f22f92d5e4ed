import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, tensorType, type Value } from '../../src/ir/model.ts';
import { check } from '../../src/ir/verifier.ts';
import { operators } from '../../src/ops/registry.ts';
import { lower } from '../../src/passes/lower.ts';
import { rowsFirst } from '../../src/passes/rowsFirst.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';
import { modelFrom } from './forests.ts';

const graph = (make: (b: Builder, x: Value) => Value): Model => {
  const b = new Builder(operators);
  return modelFrom(b.finish([make(b, b.input('x', tensorType('float64', ['N', 3])))]));
};

const wholes = (b: Builder, ...values: number[]): Value => b.constant(constant('int64', values.map(BigInt)));

const reshape = (b: Builder, x: Value, ...extents: number[]): Value =>
  b.op('Reshape', [x, wholes(b, ...extents)]);

const run = (m: Model): Tensor =>
  [
    ...evaluator(m)
      .run(new Map([['x', tensorOf('float64', [2, 3], [1, -2, 3, -4, 5, -6])]]))
      .values(),
  ][0] as Tensor;

const lowers = (m: Model): boolean => 'statements' in lower(m);

/** It could not be lowered, now it can; and it gives this. */
const becomes = (m: Model, dims: readonly number[], values: readonly number[]): void => {
  expect(lowers(m)).toBe(false);
  const moved = rowsFirst(m);
  expect(check(moved)).toEqual([]);
  expect(lowers(moved)).toBe(true);
  for (const y of [run(m), run(moved)]) expect([y.dims, Array.from(y.data, Number)]).toEqual([dims, values]);
};

describe('rowsFirst', () => {
  it('takes together what is stacked along an axis of its own', () => {
    const m = graph((b, x) => {
      const stacked = [x, b.op('Neg', [x]), b.op('Abs', [x])].map((v) => reshape(b, v, 1, -1, 3));
      const all = b.op('Concat', stacked, { axis: attr.int(0) });
      return b.op('ReduceSum', [all, wholes(b, 0)], { keepdims: attr.int(0) });
    });
    becomes(m, [2, 3], [1, 2, 3, 4, 5, 6]);
  });

  it('finds entries of a table whose rows are classes', () => {
    const m = graph((b, x) => {
      const at = b.op('Cast', [b.op('Abs', [reshape(b, b.op('ReduceMax', [x, wholes(b, 1)]), -1)])], {
        to: attr.int(7),
      });
      // The greatest of each row: 3 and 5.
      const table = b.constant(constant('float64', [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15], [2, 6]));
      const found = b.op('Gather', [table, at], { axis: attr.int(1) });
      return b.op('Transpose', [b.op('Mul', [found, b.constant(constant('float64', [2, 3], [2, 1]))])], {
        perm: attr.ints([1, 0]),
      });
    });
    becomes(m, [2, 2], [6, 39, 10, 45]);
  });

  it('tells blocks of rows apart', () => {
    const m = graph((b, x) => {
      const of = (name: string) => b.op(name, [x, wholes(b, 1)]);
      const blocks = b.op('Concat', [of('ReduceMin'), of('ReduceMax')], { axis: attr.int(0) });
      return b.op('Transpose', [reshape(b, blocks, 2, -1)], { perm: attr.ints([1, 0]) });
    });
    becomes(m, [2, 2], [-2, 3, -6, 5]);
  });

  it('goes through a flattened table', () => {
    const m = graph((b, x) => {
      const flat = b.op('Flatten', [x], { axis: attr.int(0) });
      return reshape(b, b.op('Mul', [flat, flat]), -1, 3);
    });
    becomes(m, [2, 3], [1, 4, 9, 16, 25, 36]);
  });

  it('counts along other axes than the rows', () => {
    const m = graph((b, x) => {
      const stacked = [x, b.op('Neg', [x])].map((v) => b.op('Unsqueeze', [v, wholes(b, 0)]));
      const all = b.op('Concat', stacked, { axis: attr.int(0) });
      return b.op('ArgMax', [all], { axis: attr.int(0), keepdims: attr.int(0) });
    });
    becomes(m, [2, 3], [0, 1, 0, 1, 0, 1]);
  });

  it('leaves alone what mixes rows', () => {
    const m = graph((b, x) => {
      const turned = reshape(b, b.op('Transpose', [x], { perm: attr.ints([1, 0]) }), -1, 3);
      return b.op('ReduceSum', [turned, wholes(b, 1)]);
    });
    expect(lowers(rowsFirst(m))).toBe(false);
    expect([...run(rowsFirst(m)).data]).toEqual([...run(m).data]);
  });
});
