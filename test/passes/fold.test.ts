import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, tensorType, type Value } from '../../src/ir/model.ts';
import { check } from '../../src/ir/verifier.ts';
import { operators } from '../../src/ops/registry.ts';
import { dead } from '../../src/passes/dead.ts';
import { fold } from '../../src/passes/fold.ts';
import { constant } from '../../src/tensor/data.ts';
import { tensorOf } from '../../src/tensor/tensor.ts';
import { modelFrom } from './forests.ts';

const graph = (make: (b: Builder, x: Value) => readonly Value[], width = 1): Model => {
  const b = new Builder(operators);
  return modelFrom(b.finish(make(b, b.input('x', tensorType('float64', ['N', width])))));
};

const number = (b: Builder, ...values: number[]): Value => b.constant(constant('float64', values));

const ops = (m: Model): string[] => m.graph.nodes.map((n) => n.op.name);

const run = (m: Model, values: readonly number[], width = 1) =>
  [...evaluator(m).run(new Map([['x', tensorOf('float64', [values.length / width, width], values)]]))].map(
    ([name, t]) => [name, [...(t.data as Float64Array)]],
  );

describe('fold', () => {
  it('computes what depends on constants alone', () => {
    const m = graph((b, x) => [
      b.op('Add', [x, b.op('Exp', [b.op('Mul', [number(b, 2), number(b, 3)])])], {}, { output: 'y' }),
    ]);
    const folded = fold(m);
    expect(ops(folded)).toEqual(['Add']);
    expect(run(folded, [1])).toEqual([['y', [1 + Math.exp(6)]]]);
    expect(check(folded)).toEqual([]);
  });

  it('leaves large results, and those that a large constant would make, to the target', () => {
    const m = graph((b, x) => {
      const shape = b.constant(constant('int64', [1, 50_000]));
      const wide = b.op('Expand', [number(b, 1), shape]);
      return [b.op('Add', [x, wide], {}, { output: 'y' })];
    });
    expect(ops(fold(m, 1000))).toEqual(['Expand', 'Add']);
    expect(ops(fold(m))).toEqual(['Add']);
  });

  it('never computes with what is learned, or given by default', () => {
    const b = new Builder(operators);
    const x = b.input('x', tensorType('float64', [1]));
    b.parameter('x', constant('float64', [5]), 'default');
    const learned = b.parameter('w', constant('float64', [2]), 'state');
    const m = modelFrom(
      b.finish([b.op('Neg', [learned], {}, { output: 'a' }), b.op('Neg', [x], {}, { output: 'b' })]),
    );
    expect(ops(fold(m))).toEqual(['Neg', 'Neg']);
    expect(fold(m).graph.parameters.map((p) => p.role)).toEqual(['default', 'state']);
  });

  it('makes one of equal nodes and equal constants, -0 and 0 apart', () => {
    const m = graph((b, x) => {
      const twice = () => b.op('Mul', [x, number(b, 2)]);
      const same = b.op('Add', [twice(), twice()]);
      const signs = b.op('Add', [b.op('Div', [x, number(b, 0)]), b.op('Div', [x, number(b, -0)])]);
      return [b.op('Add', [same, signs], {}, { output: 'y' })];
    });
    const folded = fold(m);
    expect(ops(folded)).toEqual(['Mul', 'Add', 'Div', 'Div', 'Add', 'Add']);
    expect(folded.graph.parameters).toHaveLength(3);
    expect(run(folded, [1])).toEqual([['y', [Number.NaN]]]);
  });

  it('keeps the names of results, also where two become one, or an input', () => {
    const m = graph((b, x) => [
      b.op('Neg', [x], {}, { output: 'a' }),
      b.op('Neg', [x], {}, { output: 'b' }),
      b.op('Identity', [x], {}, { output: 'c' }),
      b.op('Add', [number(b, 1), number(b, 2)], {}, { output: 'd' }),
    ]);
    const folded = fold(m);
    expect(run(folded, [4])).toEqual([
      ['a', [-4]],
      ['b', [-4]],
      ['c', [4]],
      ['d', [3]],
    ]);
    expect(check(folded)).toEqual([]);
  });

  it('does not put NaN where NaN is', () => {
    const masked = (otherwise: 'x' | 'minus', fill: number) =>
      graph((b, x) => {
        const minus = b.op('Neg', [x]);
        const y = b.op('Where', [b.op('IsNaN', [x]), number(b, fill), otherwise === 'x' ? x : minus]);
        return [b.op('Abs', [y], {}, { output: 'y' })];
      });
    expect(ops(fold(masked('x', Number.NaN)))).toEqual(['Abs']);
    expect(ops(fold(masked('x', 0)))).toEqual(['IsNaN', 'Where', 'Abs']);
    expect(ops(fold(masked('minus', Number.NaN)))).toEqual(['Neg', 'IsNaN', 'Where', 'Abs']);
  });

  it('joins columns that were taken apart by taking them together', () => {
    const columns = (order: readonly number[], width: number) =>
      graph((b, x) => {
        const parts = order.map((i) =>
          b.op('Gather', [x, b.constant(constant('int64', [i]))], { axis: attr.int(1) }),
        );
        return [b.op('Neg', [b.op('Concat', parts, { axis: attr.int(1) })], {}, { output: 'y' })];
      }, width);
    expect(ops(fold(columns([0, 1, 2], 3)))).toEqual(['Neg']);
    const some = fold(columns([2, 0], 3));
    expect(ops(some)).toEqual(['Gather', 'Neg']);
    expect(run(some, [1, 2, 3, 4, 5, 6], 3)).toEqual([['y', [-3, -1, -6, -4]]]);
  });
});

describe('dead', () => {
  it('drops what no result depends on, and keeps every input', () => {
    const m = graph((b, x) => {
      b.op('Exp', [b.op('Mul', [x, number(b, 2)])]);
      return [b.op('Neg', [number(b, 1)], {}, { output: 'y' })];
    });
    const live = dead(m);
    expect(ops(live)).toEqual(['Neg']);
    expect(live.graph.parameters).toHaveLength(1);
    expect(live.graph.params.map((p) => p.name)).toEqual(['x']);
  });
});
