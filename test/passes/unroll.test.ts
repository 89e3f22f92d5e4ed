import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, tensorType, type Value } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import { lower } from '../../src/passes/lower.ts';
import { rowwise } from '../../src/passes/rowwise.ts';
import { unroll } from '../../src/passes/unroll.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';
import { modelFrom } from './forests.ts';

/** Squared distances `[N, 3]` to three points, each found in a turn of a Scan. */
const distances = (backward = 0): Model => {
  const b = new Builder(operators);
  const x = b.input('x', tensorType('float64', ['N', 2]));
  const points = b.constant(constant('float64', [0, 0, 3, 4, -1, 1], [3, 2]));
  const inner = b.inner();
  const all = inner.input('all', tensorType('float64', ['N', 2]));
  const one = inner.input('one', tensorType('float64', [2]));
  const apart = inner.op('Sub', [all, one]);
  const squares = inner.op('ReduceSumSquare', [apart, inner.constant(constant('int64', [1n]))], {
    keepdims: attr.int(0),
  });
  const region = inner.finish([inner.op('Identity', [all]), squares]);
  const [, found] = b.call(['', 'Scan'], [x, points], {
    attributes: {
      body: { kind: 'region', region },
      num_scan_inputs: attr.int(1),
      scan_input_directions: attr.ints([backward]),
    },
    outputs: ['same', 'found'],
  });
  return modelFrom(b.finish([b.op('Transpose', [found as Value], { perm: attr.ints([1, 0]) })]));
};

const run = (m: Model): Tensor =>
  [
    ...evaluator(m)
      .run(new Map([['x', tensorOf('float64', [2, 2], [0, 0, 3, 0])]]))
      .values(),
  ][0] as Tensor;

describe('unroll', () => {
  it('takes a Scan over constants turn by turn', () => {
    const model = distances();
    const unrolled = unroll(model);
    expect(unrolled.graph.nodes.map((n) => n.op.name)).not.toContain('Scan');
    for (const m of [model, unrolled]) expect([...run(m).data]).toEqual([0, 25, 2, 9, 16, 17]);
    expect('statements' in lower(rowwise(model))).toBe(true);
  });

  it('leaves one that runs backwards', () => {
    const unrolled = unroll(distances(1));
    expect(unrolled.graph.nodes.map((n) => n.op.name)).toContain('Scan');
  });
});
