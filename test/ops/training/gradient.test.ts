/** Gradient, held against derivatives worked out by hand, and against differences of the function itself. */
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Model, tensorType, type Value } from '../../../src/ir/model.ts';
import { operators } from '../../../src/ops/registry.ts';
import { constant } from '../../../src/tensor/data.ts';
import { tensorOf } from '../../../src/tensor/tensor.ts';

const modelOf = (build: (b: Builder) => readonly Value[]): Model => {
  const b = new Builder(operators);
  return {
    format: 'test',
    version: '',
    name: '',
    graph: b.finish(build(b)),
    rows: null,
    fields: [],
    templates: [],
    opsets: new Map([['', 21]]),
    profile: 'ONNX',
    metadata: new Map(),
    extra: new Map(),
  };
};

const gradient = (
  b: Builder,
  xs: readonly Value[],
  y: string,
  given = xs,
  outputs = xs.map((x) => `d${x.name}`),
) =>
  b.call(['ai.onnx.preview.training', 'Gradient'], given, {
    attributes: { xs: attr.strings(xs.map((x) => x.name)), y: attr.string(y) },
    outputs,
  }) as readonly Value[];

type Inputs = Readonly<Record<string, readonly [dims: readonly number[], values: readonly number[]]>>;

const run = (
  inputs: Inputs,
  build: (b: Builder, x: Record<string, Value>) => readonly Value[],
): number[][] => {
  const model = modelOf((b) =>
    build(
      b,
      Object.fromEntries(
        Object.entries(inputs).map(([name, [dims]]) => [name, b.input(name, tensorType('float64', dims))]),
      ),
    ),
  );
  const given = new Map(
    Object.entries(inputs).map(([name, [dims, values]]) => [name, tensorOf('float64', dims, values)]),
  );
  return [...evaluator(model).run(given).values()].map((t) => [...(t.data as Float64Array)]);
};

describe('Gradient', () => {
  it('of a product and a quotient', () => {
    // y = a·b / c at (3, 4, 2): b/c, a/c, -a·b/c².
    const inputs: Inputs = { a: [[], [3]], b: [[], [4]], c: [[], [2]] };
    const found = run(inputs, (b, { a, b: z, c }) => {
      const xs = [a, z, c] as Value[];
      b.op('Div', [b.op('Mul', [a as Value, z as Value]), c as Value], {}, { output: 'y' });
      return gradient(b, xs, 'y');
    });
    expect(found).toEqual([[2], [1.5], [-3]]);
  });

  it('sums over what was broadcast', () => {
    // y = x[2,3] · w[3] + v[2,1]: dw is the column sums of x, dv 3 a row.
    const inputs: Inputs = {
      x: [
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
      w: [[3], [1, 1, 1]],
      v: [
        [2, 1],
        [0, 0],
      ],
    };
    const found = run(inputs, (b, { x, w, v }) => {
      b.op('Add', [b.op('Mul', [x as Value, w as Value]), v as Value], {}, { output: 'y' });
      return gradient(b, [w, v] as Value[], 'y');
    });
    expect(found).toEqual([
      [5, 7, 9],
      [3, 3],
    ]);
  });

  it('at another value than the tensor has', () => {
    // y = x², by the value 10 instead of 3: 20.
    const found = run({ x: [[], [3]] }, (b, { x }) => {
      b.op('Mul', [x as Value, x as Value], {}, { output: 'y' });
      return gradient(b, [x as Value], 'y', [b.constant(constant('float64', [10], []))]);
    });
    expect(found).toEqual([[20]]);
  });

  it('of a derivative: the second', () => {
    // y = x³: 3x² = 12 and 6x = 12 at 2.
    const found = run({ x: [[], [2]] }, (b, { x }) => {
      b.op('Mul', [b.op('Mul', [x as Value, x as Value]), x as Value], {}, { output: 'y' });
      const first = gradient(b, [x as Value], 'y', [x as Value], ['first']);
      return [...first, ...gradient(b, [x as Value], 'first', [x as Value], ['second'])];
    });
    expect(found).toEqual([[12], [12]]);
  });

  it('what y does not depend on has the derivative 0', () => {
    const found = run({ x: [[2], [1, 2]], z: [[], [5]] }, (b, { x, z }) => {
      b.op('Exp', [z as Value], {}, { output: 'y' });
      return gradient(b, [x as Value], 'y');
    });
    expect(found).toEqual([[0, 0]]);
  });

  const functions: Readonly<Record<string, (b: Builder, x: Value) => Value>> = {
    Exp: (b, x) => b.op('Exp', [x]),
    Log: (b, x) => b.op('Log', [x]),
    Sqrt: (b, x) => b.op('Sqrt', [x]),
    Sin: (b, x) => b.op('Sin', [x]),
    Cos: (b, x) => b.op('Cos', [x]),
    Tanh: (b, x) => b.op('Tanh', [x]),
    Sigmoid: (b, x) => b.op('Sigmoid', [x]),
    Softplus: (b, x) => b.op('Softplus', [x]),
    Relu: (b, x) => b.op('Relu', [x]),
    Abs: (b, x) => b.op('Abs', [x]),
    Neg: (b, x) => b.op('Neg', [x]),
    Pow: (b, x) => b.op('Pow', [x, b.constant(constant('float64', [2.5], []))]),
    'Pow by its exponent': (b, x) => b.op('Pow', [b.constant(constant('float64', [1.5], [])), x]),
    'MatMul, Transpose, Reshape': (b, x) => {
      const m = b.op('Reshape', [x, b.constant(constant('int64', [2, 2]))]);
      return b.op('MatMul', [b.op('MatMul', [m, b.op('Transpose', [m])]), m]);
    },
    ReduceSum: (b, x) => b.op('Mul', [b.op('ReduceSum', [x]), x]),
    ReduceMean: (b, x) =>
      b.op('Mul', [
        b.op('ReduceMean', [x, b.constant(constant('int64', [0]))], { keepdims: attr.int(0) }),
        x,
      ]),
  };

  it.each(Object.entries(functions))('%s: as differences of the function say', (_, f) => {
    const at = [0.3, 1.2, 2.1, 0.7];
    const value = (x: readonly number[]): number =>
      (run({ x: [[4], x] }, (b, { x: v }) => [f(b, v as Value)])[0] as number[]).reduce((s, e) => s + e, 0);
    const [found = []] = run({ x: [[4], at] }, (b, { x }) => {
      b.op('Identity', [f(b, x as Value)], {}, { output: 'y' });
      return gradient(b, [x as Value], 'y');
    });
    // Central differences of step h are h² off, and rounding ε/h: 1e-10 and 1e-11 here, times the third derivative.
    const h = 1e-5;
    for (const [i, d] of found.entries()) {
      const moved = (by: number) => value(at.map((x, j) => (i === j ? x + by : x)));
      expect(Math.abs(d - (moved(h) - moved(-h)) / (2 * h))).toBeLessThan(1e-8 * Math.max(1, Math.abs(d)));
    }
  });

  it('an operator without a derivative is refused by name', () => {
    expect(() =>
      run({ x: [[2], [1, 2]] }, (b, { x }) => {
        b.op('CumSum', [x as Value, b.constant(constant('int64', [0], []))], {}, { output: 'y' });
        return gradient(b, [x as Value], 'y');
      }),
    ).toThrow(/CumSum.*not known here/);
  });
});
