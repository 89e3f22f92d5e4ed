/** Passes over graphs with bodies: what a body captures stays in sight, and results stay what they are. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr, regionOf } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, type Node, type Region, tensorType, type Value } from '../../src/ir/model.ts';
import { check } from '../../src/ir/verifier.ts';
import { operators } from '../../src/ops/registry.ts';
import { dead } from '../../src/passes/dead.ts';
import { expand } from '../../src/passes/expand.ts';
import { express } from '../../src/passes/express.ts';
import { fold } from '../../src/passes/fold.ts';
import { narrow } from '../../src/passes/narrow.ts';
import { plain } from '../../src/passes/plain.ts';
import { constant } from '../../src/tensor/data.ts';
import { type DType, isBig } from '../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';
import { modelOf } from '../ops/models.ts';
import { runInOrt } from './ort.ts';

const run = (m: Model, inputs: Record<string, Tensor>): Record<string, unknown[]> =>
  values(evaluator(m).run(new Map(Object.entries(inputs))));

const values = (results: ReadonlyMap<string, Tensor>): Record<string, unknown[]> =>
  Object.fromEntries(
    [...results].map(([k, t]) => [
      k,
      Array.from(t.data as ArrayLike<unknown>, isBig(t.dtype) ? Number : (v) => v),
    ]),
  );

const bodyOf = (outer: Builder, make: (b: Builder) => readonly Value[]): Region => {
  const b = outer.inner();
  return b.finish(make(b));
};

const list = (
  b: Builder,
  dtype: DType,
  values: readonly number[],
  dims: readonly number[] = [values.length],
): Value => b.constant(constant(dtype, values, dims));

const ops = (r: Region): string[] =>
  r.nodes.flatMap((n) => [
    n.op.name,
    ...[...n.attributes.values()].flatMap((a) => (a.kind === 'region' ? ops(a.region) : [])),
  ]);

const nodeOf = (m: Model, name: string): Node => m.graph.nodes.find((n) => n.op.name === name) as Node;

/**
 * For i below m: sum += (sum < limit ? x + step : −x), where limit and step stand two bodies further out; all sums are kept. What
 * `unused` computes goes nowhere.
 */
const loop = (limit = 2.5, opset = 21): Model => {
  const b = new Builder(operators);
  const x = b.input('x', tensorType('float64', [2]));
  const m = b.input('m', tensorType('int64', []));
  const step = list(b, 'float64', [1]);
  const bound = list(b, 'float64', [limit], []);
  const unused = b.op('Exp', [x]);
  const body = bodyOf(b, (inner) => {
    inner.input('i', tensorType('int64', []));
    const going = inner.input('going', tensorType('bool', []));
    const sum = inner.input('sum', tensorType('float64', [2]));
    inner.op('Add', [sum, unused]);
    const axes = list(inner, 'int64', [0]);
    const top = inner.op('ReduceMax', [sum, axes], { keepdims: attr.int(0) });
    const grows = inner.op('Less', [top, bound]);
    const [change] = inner.call(['', 'If'], [grows], {
      attributes: {
        then_branch: attr.region(
          bodyOf(inner, (t) => [t.op('Add', [x, t.op('Mul', [step, list(t, 'float64', [1])])])]),
        ),
        else_branch: attr.region(bodyOf(inner, (e) => [e.op('Neg', [x])])),
      },
      outputs: ['change'],
    });
    const next = inner.op('Add', [sum, change as Value]);
    return [inner.op('Identity', [going]), next, inner.op('Identity', [next])];
  });
  const start = list(b, 'float64', [0, 0]);
  const outputs = b.call(['', 'Loop'], [m, list(b, 'bool', [1], []), start], {
    attributes: { body: attr.region(body) },
    outputs: ['y', 'all'],
  });
  return { ...modelOf(b.finish(outputs as Value[])), opsets: new Map([['', opset]]) };
};

const given = { x: tensorOf('float64', [2], [1, 2]), m: tensorOf('int64', [], [3]) };

// 0 < 2.5: + (2, 3); 3 ≥ 2.5: − (1, 2); 1 < 2.5: + (2, 3)
const wanted = { y: [3, 4], all: [2, 3, 1, 1, 3, 4] };

describe('values stay', () => {
  const passes: Record<string, (m: Model) => Model> = {
    fold,
    dead,
    expand,
    plain: (m) => plain(m, { edge: 'nan' }),
    express: (m) => express(m, new Map([['', 21]])),
    'express at opset 13': (m) => express(m, new Map([['', 13]])),
    'fold twice': (m) => fold(fold(m)),
  };

  test('the model says what it is made to say', () => {
    expect(check(loop())).toEqual([]);
    expect(run(loop(), given)).toEqual(wanted);
  });

  test.each(Object.entries(passes))('%s', (_, pass) => {
    const m = pass(loop());
    expect(check(m)).toEqual([]);
    expect(run(m, given)).toEqual(wanted);
  });

  test.each([13, 16, 21, 23])('onnxruntime, opset %i, says the same', async (opset) => {
    for (const m of [loop(), fold(loop())])
      expect(values(await runInOrt(m, new Map(Object.entries(given)), opset))).toEqual(wanted);
  });
});

test('dead code goes inside of bodies too, and what it alone captured', () => {
  const m = dead(loop());
  expect(ops(loop().graph)).toContain('Exp');
  expect(ops(m.graph)).toEqual([
    'Loop',
    'ReduceMax',
    'Less',
    'If',
    'Mul',
    'Add',
    'Neg',
    'Add',
    'Identity',
    'Identity',
  ]);
});

test('constants of a body are folded in it', () => {
  const m = fold(loop());
  expect(ops(m.graph)).toEqual(['Loop', 'ReduceMax', 'Less', 'If', 'Add', 'Neg', 'Add']);
});

describe('narrow', () => {
  test('float64 becomes float32 inside of bodies', () => {
    const { model: m } = narrow(loop());
    expect(check(m)).toEqual([]);
    const inputs = { x: tensorOf('float32', [2], [1, 2]), m: tensorOf('int64', [], [3]) };
    expect(run(m, inputs)).toEqual(wanted);
    expect(m.graph.results.map((r) => (r.type.kind === 'tensor' ? r.type.dtype : ''))).toEqual([
      'float32',
      'float32',
    ]);
  });

  // 3 + 2⁻³⁰ rounds to 3, but 3 is below it: a threshold goes up to the next float.
  test('a threshold that a body captures is rounded as the comparison asks', () => {
    const limit = 3 + 2 ** -30;
    const inputs = { x: tensorOf('float32', [2], [1, 2]), m: tensorOf('int64', [], [2]) };
    const wide = { x: tensorOf('float64', [2], [1, 2]), m: inputs.m };
    expect(run(loop(limit), wide).y).toEqual([4, 6]);
    expect(run(narrow(loop(limit)).model, inputs).y).toEqual([4, 6]);
  });
});

describe('an If whose condition is constant', () => {
  const choice = (yes: boolean): Model => {
    const b = new Builder(operators);
    const x = b.input('x', tensorType('float64', [2]));
    const condition = b.op('Less', [list(b, 'float64', [1], []), list(b, 'float64', [yes ? 2 : 0], [])]);
    const outputs = b.call(['', 'If'], [condition], {
      attributes: {
        // A body in the body, which captures what stands around both.
        then_branch: attr.region(
          bodyOf(b, (t) => {
            const twice = t.op('Add', [x, x]);
            const positive = t.op('Greater', [
              t.op('ReduceMax', [x], { keepdims: attr.int(0) }),
              list(t, 'float64', [0], []),
            ]);
            const [inner] = t.call(['', 'If'], [positive], {
              attributes: {
                then_branch: attr.region(bodyOf(t, (u) => [u.op('Mul', [twice, x])])),
                else_branch: attr.region(bodyOf(t, (u) => [u.op('Identity', [twice])])),
              },
              outputs: ['u'],
            });
            return [inner as Value, twice];
          }),
        ),
        else_branch: attr.region(bodyOf(b, (e) => [e.op('Neg', [x]), x])),
      },
      outputs: ['y', 'z'],
    });
    return modelOf(b.finish(outputs as Value[]));
  };

  test.each([
    [true, ['Add', 'ReduceMax', 'Greater', 'If', 'Mul'], { y: [2, 8], z: [2, 4] }],
    [false, ['Neg', 'Identity'], { y: [-1, -2], z: [1, 2] }],
  ] as const)('%s: its branch stands in its place', (yes, nodes, results) => {
    const inputs = { x: tensorOf('float64', [2], [1, 2]) };
    expect(run(choice(yes), inputs)).toEqual(results);
    const m = fold(choice(yes));
    expect(check(m)).toEqual([]);
    expect(ops(m.graph)).toEqual(nodes);
    expect(run(m, inputs)).toEqual(results);
    if (yes) expect(regionOf(nodeOf(m, 'If'), 'then_branch').captures.map((v) => v.name)).toContain('x');
  });
});
