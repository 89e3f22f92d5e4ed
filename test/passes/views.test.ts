import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, tensorType, type Value } from '../../src/ir/model.ts';
import { check } from '../../src/ir/verifier.ts';
import { operators } from '../../src/ops/registry.ts';
import { lower } from '../../src/passes/lower.ts';
import { rowwise } from '../../src/passes/rowwise.ts';
import { views } from '../../src/passes/views.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';
import { modelFrom } from './forests.ts';

const graph = (make: (b: Builder, x: Value) => Value, width = 3): Model => {
  const b = new Builder(operators);
  const y = make(b, b.input('x', tensorType('float64', ['N', width])));
  return modelFrom(b.finish([y]));
};

const shape = (b: Builder, ...extents: number[]): Value => b.constant(constant('int64', extents.map(BigInt)));

const reshape = (b: Builder, x: Value, ...extents: number[]): Value =>
  b.op('Reshape', [x, shape(b, ...extents)]);

const ops = (m: Model): string[] => m.graph.nodes.map((n) => n.op.name);

const run = (m: Model, dims: readonly number[], values: readonly number[]): Tensor =>
  [
    ...evaluator(m)
      .run(new Map([['x', tensorOf('float64', dims, values)]]))
      .values(),
  ][0] as Tensor;

const sixes = [1, -2, 3, -4, 5, -6];

describe('views', () => {
  it('drops shapes that come back to where they began', () => {
    const m = graph((b, x) => {
      const lying = b.op('Unsqueeze', [reshape(b, x, -1), shape(b, 0)]);
      return b.op('Neg', [reshape(b, lying, -1, 3)]);
    });
    const seen = views(m);
    expect(ops(seen)).toEqual(['Neg']);
    expect(check(seen)).toEqual([]);
    const y = run(seen, [2, 3], sixes);
    expect([y.dims, [...y.data]]).toEqual([
      [2, 3],
      [-1, 2, -3, 4, -5, 6],
    ]);
  });

  it('makes one Reshape of several', () => {
    const m = graph((b, x) => {
      const flat = b.op('Flatten', [b.op('Unsqueeze', [x, shape(b, 1)])], { axis: attr.int(0) });
      return reshape(b, flat, 3, -1);
    });
    const seen = views(m);
    expect(ops(seen)).toEqual(['Reshape']);
    expect(run(seen, [2, 3], sixes).dims).toEqual([3, 2]);
  });

  it('leaves a shape that has more than one open extent', () => {
    const m = graph((b, x) => reshape(b, b.op('Unsqueeze', [x, shape(b, 0)]), 0, 0, 3));
    const y = run(views(m), [2, 3], sixes);
    expect([y.dims, [...y.data]]).toEqual([[1, 2, 3], sixes]);
  });

  it('never takes a change of order for one of shape', () => {
    const m = graph((b, x) => {
      const turned = b.op('Transpose', [reshape(b, x, 1, -1, 3)], { perm: attr.ints([0, 2, 1]) });
      return reshape(b, turned, -1, 3);
    });
    expect([...run(views(m), [2, 3], sixes).data]).toEqual([1, -4, -2, 5, 3, -6]);
  });

  it('takes turned columns of a table for rows of the turned table', () => {
    const m = graph((b, x) => {
      const table = b.constant(constant('float64', [1, 2, 3, 4, 5, 6], [2, 3]));
      const index = b.op('Squeeze', [b.op('Cast', [x], { to: attr.int(7) }), shape(b, 1)]);
      const columns = b.op('Gather', [table, index], { axis: attr.int(1) });
      return b.op('Transpose', [columns], { perm: attr.ints([1, 0]) });
    }, 1);
    expect(lower(rowwise(m))).toHaveProperty('statements');
    const y = run(rowwise(m), [3, 1], [2, 0, -1]);
    expect([y.dims, [...y.data]]).toEqual([
      [3, 2],
      [3, 6, 1, 4, 3, 6],
    ]);
  });

  it('gives results their names where nothing is left to compute', () => {
    const m = graph((b, x) =>
      b.op('Squeeze', [b.op('Unsqueeze', [x, shape(b, 2)]), shape(b, 2)], {}, { output: 'y' }),
    );
    expect(views(m).graph.results.map((v) => v.name)).toEqual(['y']);
    expect([...run(views(m), [2, 3], sixes).data]).toEqual(sixes);
  });
});

describe('labels as converters write them', () => {
  /** ArgMax with its axis, ArrayFeatureExtractor from a vector of classes: [1, N]; the shapes behind it. */
  const label = (classes: Value, best: Value, b: Builder, cast: boolean): Value => {
    const taken = b.op(['ai.onnx.ml', 'ArrayFeatureExtractor'], [classes, best]);
    const as = cast ? b.op('Cast', [taken], { to: attr.int(7) }) : taken;
    return reshape(b, as, -1);
  };

  it.each([
    ['text', false],
    ['numbers', true],
  ])('are found row by row: %s', (_, numeric) => {
    const m = graph((b, x) => {
      const classes = b.constant(
        numeric ? constant('int32', [70, 80, 90]) : constant('string', ['a', 'b', 'c']),
      );
      return label(classes, b.op('ArgMax', [x], { axis: attr.int(1) }), b, numeric);
    });
    const flat = rowwise(m);
    expect(flat.graph.results[0]?.type).toMatchObject({ dims: ['N'] });
    expect(lower(flat)).toHaveProperty('statements');
    const y = run(flat, [2, 3], [0, 5, 1, 9, 2, 3]);
    expect([y.dims, [...y.data]]).toEqual([[2], numeric ? [80n, 70n] : ['b', 'a']]);
  });

  it('keeps several a row', () => {
    const m = graph((b, x) => {
      const classes = b.constant(constant('string', ['a', 'b', 'c']));
      const index = b.op('Cast', [x], { to: attr.int(7) });
      return reshape(b, b.op(['ai.onnx.ml', 'ArrayFeatureExtractor'], [classes, index]), -1, 3);
    });
    const flat = rowwise(m);
    expect(lower(flat)).toHaveProperty('statements');
    const y = run(flat, [2, 3], [0, 2, 1, 1, 1, 2]);
    expect([y.dims, [...y.data]]).toEqual([
      [2, 3],
      ['a', 'c', 'b', 'b', 'b', 'c'],
    ]);
  });
});
