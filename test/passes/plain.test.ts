/** The law of `plain`: before and after it a graph says the same, missing spelled NaN, "" or as a plane. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { PortolanError } from '../../src/ir/diagnostic.ts';
import { type Field, type Model, OWN, tensorType, type Value } from '../../src/ir/model.ts';
import { ABSENT, PredicateTable } from '../../src/ir/predicates.ts';
import { TreeTable } from '../../src/ir/trees.ts';
import { check } from '../../src/ir/verifier.ts';
import { operators } from '../../src/ops/registry.ts';
import { type PlainOptions, plain, planeName } from '../../src/passes/plain.ts';
import { constant } from '../../src/tensor/data.ts';
import { columnOf, countOf, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const modelOf = (b: Builder, results: readonly Value[], fields: readonly Field[] = []): Model => ({
  format: 'test',
  version: '',
  name: '',
  graph: b.finish(results),
  rows: 'N',
  fields,
  templates: [],
  opsets: new Map(),
  profile: '',
  metadata: new Map(),
  extra: new Map(),
});

const rows = 7;

/** Columns of every dtype that may be missing, and one that may not. */
const inputs = [
  ['x', 'float64', true],
  ['y', 'float64', true],
  ['z', 'float64', false],
  ['s', 'string', true],
  ['f', 'float32', true],
] as const;

const numbers = [0, -0, 1, -1, 0.5, -2.5, 1e-36, 3, Infinity, -Infinity];
const strings = ['a', 'b', '__proto__', 'c d'];

/** Values whose choice is one random number each, so that a graph is a list of numbers. */
class Chooser {
  private readonly picks: readonly number[];
  private next = 0;

  constructor(picks: readonly number[]) {
    this.picks = picks;
  }

  below(n: number): number {
    return (this.picks[this.next++ % this.picks.length] as number) % n;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** A random graph over all of our operators, and some of ONNX's between them. */
const graphOf = (picks: readonly number[], steps: number): { b: Builder; results: Value[] } => {
  const c = new Chooser(picks);
  const b = new Builder(operators);
  const given = inputs.map(([name, dtype, missing]) =>
    b.input(name, tensorType(dtype, ['N', 1], missing ? 'missing' : 'never')),
  );
  const by = { number: [given[0], given[1], given[2]], string: [given[3]], bool: [], wide: [] } as Record<
    'number' | 'string' | 'bool' | 'wide',
    Value[]
  >;
  const [x, y, z, s, f] = given as [Value, Value, Value, Value, Value];
  const own = (name: string, values: readonly Value[], attributes = {}) =>
    b.op([OWN, name], values, attributes);
  const real = (v: number, dims: readonly number[] = []) => b.constant(constant('float64', [v], dims));
  by.bool.push(
    own('IsMissing', [x]),
    b.op('Equal', [
      own('Fill', [s, b.constant(constant('string', ['q'], []))]),
      b.constant(constant('string', ['a'], [])),
    ]),
  );

  const predicates = () => {
    const p = new PredicateTable();
    const bits = [ABSENT.nan, 0, ABSENT.nan | ABSENT.zero, ABSENT.asZero, ABSENT.zero];
    const simple = () => {
      const column = c.below(3);
      if (column === 2) {
        const kind = c.below(4);
        if (kind === 0) return p.compare(c.of(['eq', 'ne'] as const), 2, c.of(strings));
        if (kind === 1)
          return p.membership(c.of(['in', 'notIn'] as const), 2, [c.of(strings), c.of(strings)]);
        return p.presence(c.of(['isMissing', 'isNotMissing'] as const), 2);
      }
      const kind = c.below(9);
      const absent = c.of(bits);
      if (kind < 6)
        return p.compare(c.of(['lt', 'le', 'gt', 'ge', 'eq', 'ne'] as const), column, c.of(numbers), absent);
      if (kind === 6)
        return p.membership(c.of(['in', 'notIn'] as const), column, [c.of(numbers), c.of(numbers)], absent);
      return p.presence(c.of(['isMissing', 'isNotMissing'] as const), column, absent);
    };
    const all = Array.from({ length: 5 }, simple);
    for (let i = 0; i < 4; i++) {
      all.push(
        p.compound(c.of(['and', 'or', 'xor', 'surrogate'] as const), [c.of(all), c.of(all), c.of(all)]),
      );
    }
    return { table: p.build((v) => constant('float64', v)), all };
  };
  const trees = (all: readonly number[], both: boolean) => {
    const t = new TreeTable();
    for (let k = 0; k < 2; k++) {
      const ends = [t.outcome('1'), t.outcome('2'), t.outcome('3')];
      for (let n = 0; n < 4; n++) {
        const test = t.test(c.of(all), c.of(ends), c.of(ends), c.of(ends));
        if (both && c.below(2)) t.share(test, 0.25, 0.75);
        ends.push(test);
      }
      t.root(ends[ends.length - 1] as number);
    }
    return t.build((v, dims) => constant('float64', v, dims));
  };
  const columns = (): Value[] => [c.of([x, y, z]), c.of([f, x]), s];

  const makers: (() => void)[] = [
    () =>
      by.number.push(
        own('Mask', [c.of(by.number), own('Fill', [c.of(by.bool), b.constant(constant('bool', [1], []))])]),
      ),
    () => by.string.push(own('Mask', [c.of(by.string), own('IsMissing', [c.of(by.number)])])),
    () => by.number.push(own('Fill', [c.of(by.number), real(c.of(numbers))])),
    () => by.wide.push(own('Fill', [c.of(by.number), b.constant(constant('float64', [1, 2, 3], [1, 3]))])),
    () => {
      const wide = by.wide.length > 0 ? c.of(by.wide) : c.of(by.number);
      by.wide.push(own('Choose', [c.of(by.bool), c.of(by.number), c.of(by.bool), wide, c.of(by.number)]));
    },
    () =>
      by.number.push(
        own('Choose', [c.of(by.bool), c.of(by.number), c.of(by.bool), c.of(by.number), c.of(by.number)]),
      ),
    () => by.string.push(own('Choose', [c.of(by.bool), c.of(by.string), c.of(by.string)])),
    () => by.bool.push(own('Choose', [c.of(by.bool), c.of(by.bool), c.of(by.bool)])),
    () => {
      const fn = c.of(['and', 'or', 'xor', 'not']);
      const many = Array.from({ length: fn === 'not' ? 1 : 3 }, () => c.of(by.bool));
      by.bool.push(own('Kleene', many, { fn: attr.string(fn) }));
    },
    () => by.bool.push(own('IsMissing', [c.of([...by.number, ...by.string, ...by.bool])])),
    () => {
      // x + y of PMML, missing where either is; or where just one is, or the sum itself is asked for too.
      const [p, q] = [c.of(by.number), c.of(by.number)];
      const sum = b.op('Add', [own('Fill', [p, real(0)]), own('Fill', [q, real(0)])]);
      const [noP, noQ] = [own('IsMissing', [p]), own('IsMissing', [q])];
      const when = c.of([b.op('Or', [noP, noQ]), noP, noQ]);
      by.number.push(own('Mask', [b.op('Mul', [sum, c.of([sum, z])]), when]));
      if (c.below(3) === 0) by.number.push(sum);
    },
    () => {
      const { table, all } = predicates();
      const made = own('Test', columns(), {
        predicates: attr.predicates(table),
        rows: attr.ints([c.of(all)]),
      });
      by.bool.push(made);
    },
    () => {
      const { table, all } = predicates();
      const [outcome, met] = b.call([OWN, 'Route'], columns(), {
        attributes: { predicates: attr.predicates(table), trees: attr.trees(trees(all, false)) },
        outputs: [b.unique('outcome'), b.unique('met')],
      });
      by.wide.push(
        b.op('Cast', [outcome as Value], { to: attr.int(11) }),
        b.op('Cast', [met as Value], { to: attr.int(11) }),
      );
      const bin = b.op('Gather', [outcome as Value, b.constant(constant('int64', [c.below(2)]))], {
        axis: attr.int(1),
      });
      const looked = own('Lookup', [bin], {
        keys: attr.data(constant('int32', [0, 1, 2, 4])),
        values: attr.data(constant('int32', [1, 0, 2, 1])),
        missing: attr.data(constant('bool', [0, 0, 1, 0])),
      });
      by.number.push(
        b.op(
          'Gather',
          [
            own('Tally', [looked, b.constant(constant('float64', [1.5]))], { classes: attr.int(2) }),
            b.constant(constant('int64', [1])),
          ],
          { axis: attr.int(1) },
        ),
      );
    },
    () => {
      const { table, all } = predicates();
      by.wide.push(
        own('Spread', columns(), { predicates: attr.predicates(table), trees: attr.trees(trees(all, true)) }),
      );
    },
    () => {
      const i = b.inner();
      const value = i.op([OWN, 'Fill'], [c.of(by.number), i.constant(constant('float64', [7], []))]);
      const label = i.op([OWN, 'Mask'], [c.of(by.string), i.op([OWN, 'IsMissing'], [c.of(by.number)])]);
      const body = i.finish([value, label, i.constant(constant('float64', [1, 2], [1, 2]))]);
      const [n, t, w] = b.call([OWN, 'Segment'], [c.of(by.bool)], {
        attributes: { body: attr.region(body) },
        outputs: [b.unique('n'), b.unique('t'), b.unique('w')],
      });
      by.number.push(n as Value);
      by.string.push(t as Value);
      by.wide.push(w as Value);
    },
    () =>
      by.number.push(
        own('Lookup', [c.of(by.string)], {
          keys: attr.data(constant('string', ['a', '__proto__', 'b', 'a'])),
          values: attr.data(constant('float64', [1, 2, 3, 4])),
          missing: attr.data(constant('bool', [0, 0, 1, 0])),
        }),
      ),
    () =>
      by.string.push(
        own('Lookup', [c.of(by.number)], {
          keys: attr.data(constant('float64', [1, 0, Number.NaN])),
          values: attr.data(constant('string', ['a', 'b', 'c d'])),
        }),
      ),
    () =>
      by.number.push(
        own('Interpolate', [c.of(by.number)], {
          origs: attr.data(constant('float64', [-1, 0.5, 3])),
          norms: attr.data(constant('float64', [0, 1, -1])),
          outliers: attr.string(c.of(['asIs', 'asMissingValues', 'asExtremeValues'])),
        }),
      ),
    () =>
      by.number.push(
        b.op(
          'Cast',
          [
            own('Bin', [c.of(by.number)], {
              edges: attr.data(constant('float64', [-Infinity, 0, 0, 1], [2, 2])),
              closures: attr.strings(['oc', 'oo']),
            }),
          ],
          { to: attr.int(11) },
        ),
      ),
  ];
  for (let i = 0; i < steps; i++) c.of(makers)();
  const results = [...new Set([...by.number, ...by.string, ...by.bool, ...by.wide])];
  return { b, results };
};

/** Elements, null where missing; for a result spelled at the `nan` edge NaN and "" are missing. */
const elements = (t: Tensor, spelled: boolean): unknown[] =>
  Array.from({ length: countOf(t.dims) }, (_, i) => {
    const v = t.data[i];
    return t.missing?.[i] || (spelled && (Number.isNaN(v) || v === ''))
      ? null
      : Number(v) === 0 && v !== ''
        ? 0
        : v;
  });

const cell = (dtype: string): fc.Arbitrary<number | string | null> =>
  fc.option(fc.constantFrom<number | string>(...(dtype === 'string' ? strings : numbers)), { freq: 3 });

const columnsArbitrary = fc.tuple(
  ...inputs.map(([, dtype]) => fc.array(cell(dtype), { minLength: rows, maxLength: rows })),
);

const tensorsOf = (columns: readonly (readonly (number | string | null)[])[]): Map<string, Tensor> =>
  new Map(
    inputs.map(([name, dtype, missing], i) => {
      const cells = columns[i] as readonly (number | string | null)[];
      const zero = dtype === 'string' ? '' : 0;
      const data = columnOf(
        dtype,
        cells.map((v) => v ?? zero),
      );
      const gone = Uint8Array.from(cells, (v) => Number(v === null));
      return [name, tensor(dtype, [rows, 1], data, missing ? gone : undefined)];
    }),
  );

/** The same rows as the plain model takes them. */
const spelled = (given: ReadonlyMap<string, Tensor>, edge: PlainOptions['edge']): Map<string, Tensor> => {
  const out = new Map<string, Tensor>();
  for (const [name, t] of given) {
    const { missing } = t;
    if (!missing) out.set(name, t);
    else if (edge === 'nan') {
      const data = Array.from(t.data as ArrayLike<number | string>, (v, i) =>
        missing[i] ? (t.dtype === 'string' ? '' : Number.NaN) : v,
      );
      out.set(name, tensor(t.dtype, t.dims, columnOf(t.dtype, data)));
    } else {
      // What stands under a plane means nothing.
      const rubbish = Array.from(t.data as ArrayLike<number | string>, (v, i) =>
        missing[i] ? (t.dtype === 'string' ? 'a' : 1) : v,
      );
      out.set(name, tensor(t.dtype, t.dims, columnOf(t.dtype, rubbish)));
      out.set(planeName(name), tensor('bool', t.dims, missing));
    }
  }
  return out;
};

describe('before and after plain a graph says the same', () => {
  it.each(['nan', 'planes'] as const)('at an edge of %s', (edge) => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 1e6 }), { minLength: 150, maxLength: 150 }),
        fc.integer({ min: 1, max: 9 }),
        columnsArbitrary,
        (picks, steps, columns) => {
          const { b, results } = graphOf(picks, steps);
          const model = modelOf(b, results);
          const flat = plain(model, { edge });
          expect(check(flat)).toEqual([]);
          const values = [...flat.graph.params, ...flat.graph.nodes.flatMap((n) => n.outputs)];
          expect(values.filter((v) => v?.type.kind === 'tensor' && v.type.absent === 'missing')).toEqual([]);
          const given = tensorsOf(columns);
          const before = evaluator(model).run(given);
          const after = evaluator(flat).run(spelled(given, edge));
          for (const { name } of model.graph.results) {
            const [p, q] = [before.get(name) as Tensor, after.get(name) as Tensor];
            const plane = after.get(planeName(name));
            const got = plane ? { ...q, missing: plane.data as Uint8Array } : q;
            expect(got.dims, name).toEqual(p.dims);
            expect(elements(got, edge === 'nan'), name).toEqual(elements(p, edge === 'nan'));
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

const refusal = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    if (e instanceof PortolanError) return e.diagnostic.rule;
    throw e;
  }
  return 'nothing';
};

const field = (name: string, value: Value, more: Partial<Field> = {}): Field => ({
  name,
  value,
  role: 'input',
  optype: 'categorical',
  ...more,
});

describe('the edge', () => {
  it('refuses "" as a category beside "" as missing', () => {
    const b = new Builder(operators);
    const s = b.input('s', tensorType('string', ['N', 1], 'missing'));
    const model = modelOf(b, [s], [field('s', s, { categories: ['a', ''] })]);
    expect(refusal(() => plain(model, { edge: 'nan' }))).toBe('plain/empty-string-category');
    expect(refusal(() => plain(model, { edge: 'planes' }))).toBe('nothing');
  });

  it('refuses an integer input that may be missing, and takes it with a plane', () => {
    const b = new Builder(operators);
    const model = modelOf(b, [b.input('i', tensorType('int32', ['N', 1], 'missing'))]);
    expect(refusal(() => plain(model, { edge: 'nan' }))).toBe('plain/edge-dtype');
    expect(plain(model, { edge: 'planes' }).graph.params.map((p) => p.name)).toEqual(['i', 'i.missing']);
  });

  it('makes a bool result that may be missing a number, and the field says so', () => {
    const b = new Builder(operators);
    const x = b.input('x', tensorType('float64', ['N', 1], 'missing'));
    const unknown = b.op(
      [OWN, 'Mask'],
      [
        b.op('Less', [
          b.op([OWN, 'Fill'], [x, b.constant(constant('float64', [0], []))]),
          b.constant(constant('float64', [1], [])),
        ]),
        b.op([OWN, 'IsMissing'], [x]),
      ],
      {},
      { output: 'small' },
    );
    const model = modelOf(b, [unknown], [field('small', unknown, { role: 'output' })]);
    const flat = plain(model, { edge: 'nan' });
    const out = evaluator(flat).run(
      new Map([['x', tensor('float64', [3, 1], Float64Array.of(0, 2, Number.NaN))]]),
    );
    expect(out.get('small')).toEqual(tensor('float64', [3, 1], Float64Array.of(1, 0, Number.NaN)));
    expect(flat.fields[0]).toMatchObject({ name: 'small', logical: 'boolean', value: flat.graph.results[0] });
  });

  it('fills nothing that is masked again, and all that is not', () => {
    const fills = (masked: boolean, shown: boolean): number => {
      const b = new Builder(operators);
      const [x, y] = ['x', 'y'].map((n) => b.input(n, tensorType('float64', ['N', 1], 'missing'))) as [
        Value,
        Value,
      ];
      const zero = b.constant(constant('float64', [0], []));
      const sum = b.op('Add', [b.op([OWN, 'Fill'], [x, zero]), b.op([OWN, 'Fill'], [y, zero])]);
      const missing = [x, y].map((v) => b.op([OWN, 'IsMissing'], [v])) as [Value, Value];
      const when = masked ? b.op('Or', missing) : missing[0];
      const results = [b.op([OWN, 'Mask'], [sum, when]), ...(shown ? [sum] : [])];
      return plain(modelOf(b, results), { edge: 'planes' }).graph.nodes.filter((n) => n.op.name === 'Where')
        .length;
    };
    expect(fills(true, false)).toBe(0);
    // y is not masked: where it is missing, the sum is x.
    expect(fills(false, false)).toBe(1);
    expect(fills(true, true)).toBe(2);
  });

  it('leaves out planes that the tests see anyway', () => {
    const b = new Builder(operators);
    const x = b.input('x', tensorType('float64', ['N', 1], 'missing'));
    const p = new PredicateTable();
    const row = p.compare('lt', 0, 1);
    const t = b.op([OWN, 'Test'], [x], {
      predicates: attr.predicates(p.build((v) => constant('float64', v))),
      rows: attr.ints([row]),
    });
    const test = plain(modelOf(b, [t]), { edge: 'nan' }).graph.nodes.find((n) => n.op.name === 'Test');
    expect(test?.inputs.map((v) => v?.name ?? null)).toEqual(['x', null]);
  });
});
