/** If, Loop and Scan where the standard's cases do not go: every way to end, no iterations, directions and axes, limits. Worked by hand. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import {
  type Attribute,
  type Dim,
  type Region,
  type Type,
  tensorType,
  type Value,
} from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { operators, resolve } from '../../../src/ops/registry.ts';
import { typedBody } from '../../../src/ops/typedBody.ts';
import { constant } from '../../../src/tensor/data.ts';
import { type DType, isBig } from '../../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.ts';
import { modelOf } from '../models.ts';

const list = (
  b: Builder,
  dtype: DType,
  values: readonly (number | bigint)[],
  dims: readonly number[] = [],
): Value => b.constant(constant(dtype, values, dims));

const bodyOf = (outer: Builder, make: (b: Builder) => readonly Value[]): Attribute => {
  const b = outer.inner();
  return attr.region(b.finish(make(b)));
};

const float = (dims: readonly Dim[]): Type => tensorType('float32', dims);

interface Made {
  readonly types: readonly string[];
  run(
    inputs?: Record<string, Tensor>,
    iterations?: number,
  ): Record<string, { dims: readonly number[]; data: unknown[] }>;
}

const made = (b: Builder, results: readonly Value[]): Made => {
  const m = modelOf(b.finish(results));
  return {
    types: m.graph.results.map((r) => formatType(r.type)),
    run: (inputs = {}, iterations = 1000) =>
      Object.fromEntries(
        [...evaluator(m, { iterations }).run(new Map(Object.entries(inputs)))].map(([k, t]) => [
          k,
          {
            dims: t.dims,
            data: Array.from(t.data as ArrayLike<unknown>, (v) => (isBig(t.dtype) ? Number(v) : v)),
          },
        ]),
      ),
  };
};

const ruleOf = (act: () => unknown): string => {
  try {
    act();
  } catch (e) {
    if (e instanceof PortolanError) return e.diagnostic.rule;
    throw e;
  }
  return 'nothing';
};

describe('Loop', () => {
  /** The body counts: n + 1, going on while n + 1 < `until`; what it keeps is i. */
  const counting = (trips: bigint | null, condition: boolean | null, until: number): Made => {
    const b = new Builder(operators);
    const body = bodyOf(b, (t) => {
      const i = t.input('i', tensorType('int64', []));
      t.input('c', tensorType('bool', []));
      const n = t.input('n', float([]));
      const next = t.op('Add', [n, list(t, 'float32', [1])]);
      return [t.op('Less', [next, list(t, 'float32', [until])]), next, t.op('Identity', [i])];
    });
    const inputs = [
      trips === null ? null : list(b, 'int64', [trips]),
      condition === null ? null : list(b, 'bool', [Number(condition)]),
      list(b, 'float32', [0]),
    ];
    return made(b, b.call(['', 'Loop'], inputs, { attributes: { body }, outputs: ['n', 'is'] }) as Value[]);
  };

  const count = (m: Made, iterations?: number) => m.run({}, iterations).n?.data;

  test('a trip count alone: what the body says of going on is ignored', () => {
    expect(counting(4n, null, 2).run()).toEqual({
      n: { dims: [], data: [4] },
      is: { dims: [4], data: [0, 1, 2, 3] },
    });
    expect(counting(4n, null, 2).types).toEqual(['float32[]', 'int64[4]']);
  });

  test('a condition alone is a while', () => {
    expect(count(counting(null, true, 3))).toEqual([3]);
    expect(count(counting(null, false, 3))).toEqual([0]);
  });

  test('both: whichever ends first', () => {
    expect(count(counting(2n, true, 5))).toEqual([2]);
    expect(count(counting(5n, true, 2))).toEqual([2]);
    expect(count(counting(2n ** 63n - 1n, true, 2))).toEqual([2]);
    expect(counting(5n, true, 2).types[1]).toBe('int64[?]');
  });

  test('no iterations: as it began, and outputs without entries', () => {
    for (const m of [counting(0n, true, 5), counting(-3n, null, 5), counting(3n, false, 5)]) {
      expect(m.run()).toEqual({ n: { dims: [], data: [0] }, is: { dims: [0], data: [] } });
    }
  });

  test('what does not end is refused after its limit, and the error says so', () => {
    expect(ruleOf(() => counting(null, null, 5).run())).toBe('evaluate/iterations');
    expect(ruleOf(() => counting(null, true, 1e9).run())).toBe('evaluate/iterations');
    expect(() => counting(null, null, 5).run({}, 7)).toThrow(/have run 7 times/);
    expect(count(counting(7n, null, 5), 7)).toEqual([7]);
  });

  /** 2²⁰ numbers are kept in each iteration: they stand once in memory until the loop ends, which it must not reach. */
  test('outputs that fill the memory are refused', () => {
    const b = new Builder(operators);
    const big = b.op('Expand', [list(b, 'float32', [1]), list(b, 'int64', [2 ** 20], [1])]);
    const body = bodyOf(b, (t) => {
      t.input('i', tensorType('int64', []));
      return [t.op('Identity', [t.input('c', tensorType('bool', []))]), t.op('Identity', [big])];
    });
    const m = made(
      b,
      b.call(['', 'Loop'], [null, null], { attributes: { body }, outputs: ['all'] }) as Value[],
    );
    expect(ruleOf(() => m.run())).toBe('evaluate/loop-size');
  });

  test('a scan output must keep its shape, a carried value its type', () => {
    const b = new Builder(operators);
    const m = b.input('m', tensorType('int64', []));
    const grown = (carries: Type): readonly Value[] => {
      const body = bodyOf(b, (t) => {
        t.input('i', tensorType('int64', []));
        const c = t.input('c', tensorType('bool', []));
        const v = t.input('v', carries);
        return [c, t.op('Concat', [v, v], { axis: attr.int(0) }), t.op('Identity', [v])];
      });
      return b.call(['', 'Loop'], [m, null, list(b, 'float32', [1], [1])], {
        attributes: { body },
        outputs: ['v', 'all'],
      }) as Value[];
    };
    const twice = made(b, grown(float([null])));
    expect(twice.types).toEqual(['float32[?]', 'float32[?, ?]']);
    expect(twice.run({ m: tensorOf('int64', [], [1]) }).all?.dims).toEqual([1, 1]);
    expect(() => twice.run({ m: tensorOf('int64', [], [2]) })).toThrow(/float32\[1\] and then float32\[2\]/);
    const c = new Builder(operators);
    const body = bodyOf(c, (t) => {
      t.input('i', tensorType('int64', []));
      const going = t.input('c', tensorType('bool', []));
      return [going, t.op('Cast', [t.input('v', float([]))], { to: attr.int(7) })];
    });
    expect(() =>
      c.call(['', 'Loop'], [list(c, 'int64', [2]), null, list(c, 'float32', [1])], { attributes: { body } }),
    ).toThrow(/carried value 0 is float32\[\], and the body gives int64\[\]/);
  });

  test('a body typed for one round says nothing of the extents of further ones', () => {
    const b = new Builder(operators);
    const m = b.input('m', tensorType('int64', []));
    const body = bodyOf(b, (t) => {
      t.input('i', tensorType('int64', []));
      const c = t.input('c', tensorType('bool', []));
      const v = t.input('v', float([1]));
      return [c, t.op('Concat', [v, v], { axis: attr.int(0) })];
    });
    expect(
      made(
        b,
        b.call(['', 'Loop'], [m, null, list(b, 'float32', [1], [1])], {
          attributes: { body },
          outputs: ['v'],
        }) as Value[],
      ).types,
    ).toEqual(['float32[…]']);
  });

  test('more values than the body takes, and more than it gives', () => {
    const b = new Builder(operators);
    const body = bodyOf(b, (t) => {
      t.input('i', tensorType('int64', []));
      return [t.input('c', tensorType('bool', []))];
    });
    const call = (inputs: (Value | null)[], outputs: string[]) => () =>
      b.call(['', 'Loop'], inputs, { attributes: { body }, outputs });
    expect(call([null, null, list(b, 'float32', [1])], [])).toThrow(/takes 2 values, and 3 are given/);
    expect(call([null, null], ['y'])).toThrow(/gives 1 values, and 2 are asked for/);
  });
});

describe('the types of what is carried', () => {
  const type = (dims: readonly Dim[] | null): Type => tensorType('float32', dims);
  const carried = { param: 0, result: 0, count: 2 };
  const region = (results: readonly Type[]): Region => ({
    params: [],
    captures: [],
    parameters: [],
    nodes: [],
    results: results.map((t) => ({ name: '', type: t })),
  });

  test('settle where nothing changes, and widen where it does', () => {
    const asked: string[] = [];
    const make = (params: readonly Type[]) => {
      asked.push(params.map(formatType).join(' '));
      // The first stays; the second grows by a known number each round.
      const [a, b] = params as [Type, Type];
      const n = b.kind === 'tensor' ? b.dims?.[0] : null;
      return region([a, type([typeof n === 'number' ? n + 1 : null, 3])]);
    };
    typedBody({ params: [type(['N']), type([1, 3])], carried }, [type(null), type(null)], make);
    expect(asked).toEqual(['float32[N] float32[1, 3]', 'float32[N] float32[?, 3]']);
  });

  test('end, whatever the body does with them', () => {
    let round = 0;
    const make = () => region([type(new Array(++round).fill(1)), type([round])]);
    typedBody({ params: [type([]), type([0])], carried }, [type(null), type(null)], make);
    expect(round).toBeLessThan(8);
  });
});

describe('Scan', () => {
  /** sum += x; what it gives is the sum. */
  const summing = (
    dims: readonly number[],
    item: readonly Dim[],
    attributes: Record<string, Attribute>,
  ): Made => {
    const b = new Builder(operators);
    const x = b.input('x', float(dims));
    const body = bodyOf(b, (t) => {
      const sum = t.op('Add', [t.input('s', float(item)), t.input('v', float(item))]);
      return [sum, t.op('Identity', [sum])];
    });
    const start = b.constant(
      constant(
        'float32',
        new Array(item.reduce<number>((n, d) => n * Number(d), 1)).fill(0),
        item as number[],
      ),
    );
    return made(
      b,
      b.call(['', 'Scan'], [start, x], {
        attributes: { body, num_scan_inputs: attr.int(1), ...attributes },
        outputs: ['s', 'all'],
      }) as Value[],
    );
  };
  // Rows (1, 2), (3, 4), (5, 6).
  const x = tensorOf('float32', [3, 2], [1, 2, 3, 4, 5, 6]);

  test.each([
    ['forward', {}, [9, 12], [3, 2], [1, 2, 4, 6, 9, 12]],
    ['backward', { scan_input_directions: attr.ints([1]) }, [9, 12], [3, 2], [5, 6, 8, 10, 9, 12]],
    ['prepended', { scan_output_directions: attr.ints([1]) }, [9, 12], [3, 2], [9, 12, 4, 6, 1, 2]],
    [
      'along the last axis of the output',
      { scan_output_axes: attr.ints([-1]) },
      [9, 12],
      [2, 3],
      [1, 4, 9, 2, 6, 12],
    ],
  ] as const)('%s', (_, attributes, s, dims, all) => {
    const m = summing([3, 2], [2], attributes);
    expect(m.types).toEqual(['float32[2]', `float32[${dims.join(', ')}]`]);
    expect(m.run({ x })).toEqual({ s: { dims: [2], data: s }, all: { dims, data: all } });
  });

  test('along axis 1, counted from the back', () => {
    const m = summing([3, 2], [3], { scan_input_axes: attr.ints([-1]) });
    // Columns (1, 3, 5) and (2, 4, 6).
    expect(m.run({ x })).toEqual({
      s: { dims: [3], data: [3, 7, 11] },
      all: { dims: [2, 3], data: [1, 3, 5, 3, 7, 11] },
    });
  });

  test('nothing to scan', () => {
    const m = summing([0, 2], [2], {});
    expect(m.run({ x: tensorOf('float32', [0, 2], []) })).toEqual({
      s: { dims: [2], data: [0, 0] },
      all: { dims: [0, 2], data: [] },
    });
  });

  test('what does not fit is refused', () => {
    expect(() => summing([3, 2], [2], { scan_input_axes: attr.ints([2]) })).toThrow(/axis 2 is outside/);
    expect(() => summing([3, 2], [2], { scan_input_axes: attr.ints([0, 1]) })).toThrow(/2 entries for 1/);
    expect(() => summing([3, 2], [2], { num_scan_inputs: attr.int(3) })).toThrow(/num_scan_inputs is 3/);
    expect(() => summing([3, 2], [2], { scan_input_directions: attr.ints([2]) }).run({ x })).toThrow(
      /an entry 2/,
    );
  });

  test('a state keeps its shape', () => {
    const b = new Builder(operators);
    const body = bodyOf(b, (t) => {
      const s = t.input('s', float([null]));
      t.input('v', float([]));
      return [t.op('Concat', [s, s], { axis: attr.int(0) })];
    });
    const start = b.op('Identity', [b.input('start', float(['S']))]);
    const m = made(
      b,
      b.call(['', 'Scan'], [start, list(b, 'float32', [1, 2], [2])], {
        attributes: { body, num_scan_inputs: attr.int(1) },
        outputs: ['s'],
      }) as Value[],
    );
    expect(() => m.run({ start: tensorOf('float32', [1], [1]) })).toThrow(
      /state 0 is float32\[1\] and becomes float32\[2\]/,
    );
  });

  describe('version 8', () => {
    /** Two sequences of up to three numbers, each entry of the batch from its own start. */
    const batched = (lens: readonly number[] | null, backward: boolean): Made => {
      const b = new Builder(operators);
      const x = b.input('x', float([2, 3]));
      const start = b.input('start', float([2]));
      const body = bodyOf(b, (t) => {
        const sum = t.op('Add', [t.input('s', float([])), t.input('v', float([]))]);
        return [sum, t.op('Identity', [sum])];
      });
      const op = resolve('', 'Scan', 8);
      if (!op) throw new Error('no Scan 8');
      return made(
        b,
        b.call(op, [lens && list(b, 'int64', lens, [2]), start, x], {
          attributes: { body, num_scan_inputs: attr.int(1), ...(backward && { directions: attr.ints([1]) }) },
          outputs: ['s', 'all'],
        }) as Value[],
      );
    };
    const given = {
      x: tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]),
      start: tensorOf('float32', [2], [10, 20]),
    };

    test.each([
      [null, false, [16, 35], [11, 13, 16, 24, 29, 35]],
      [null, true, [16, 35], [13, 15, 16, 26, 31, 35]],
      [[1, 3], false, [11, 35], [11, 0, 0, 24, 29, 35]],
      // From the end of each sequence, not of the longest.
      [[2, 0], true, [13, 20], [12, 13, 0, 0, 0, 0]],
    ] as const)('lengths %o, backward: %s', (lens, backward, s, all) => {
      const m = batched(lens, backward);
      expect(m.types).toEqual(['float32[2]', 'float32[2, 3]']);
      expect(m.run(given)).toEqual({ s: { dims: [2], data: s }, all: { dims: [2, 3], data: all } });
    });
  });
});

describe('If', () => {
  const choice = (yes: Type, no: Type): readonly string[] => {
    const b = new Builder(operators);
    const [c, x, y] = [b.input('c', tensorType('bool', [])), b.input('x', yes), b.input('y', no)];
    const branch = (v: Value) => bodyOf(b, (t) => [t.op('Identity', [v])]);
    return made(
      b,
      b.call(['', 'If'], [c], {
        attributes: { then_branch: branch(x), else_branch: branch(y) },
        outputs: ['z'],
      }) as Value[],
    ).types;
  };

  test('what both branches say is known, no more', () => {
    expect(choice(float([2, 'N']), float([2, 'N']))).toEqual(['float32[2, N]']);
    expect(choice(float([2, 3]), float([2, 4]))).toEqual(['float32[2, ?]']);
    expect(choice(float([2]), float([2, 3]))).toEqual(['float32[…]']);
    expect(choice({ kind: 'sequence', of: float([1]) }, { kind: 'sequence', of: float([2]) })).toEqual([
      'seq(float32[?])',
    ]);
    expect(() => choice(float([2]), tensorType('int64', [2]))).toThrow(/gives? float32\[2\] and int64\[2\]/);
  });

  test('a condition is one boolean', () => {
    const b = new Builder(operators);
    const c = b.input('c', tensorType('bool', [null]));
    const branch = bodyOf(b, (t) => [list(t, 'float32', [1])]);
    const m = made(
      b,
      b.call(['', 'If'], [c], {
        attributes: { then_branch: branch, else_branch: branch },
        outputs: ['z'],
      }) as Value[],
    );
    expect(m.run({ c: tensorOf('bool', [1], [1]) }).z?.data).toEqual([1]);
    expect(() => m.run({ c: tensorOf('bool', [2], [1, 0]) })).toThrow(/the condition has 2 elements/);
    expect(() =>
      b.call(['', 'If'], [list(b, 'int64', [1])], {
        attributes: { then_branch: branch, else_branch: branch },
      }),
    ).toThrow(/takes bool/);
  });
});
