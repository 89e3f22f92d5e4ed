import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Loop, Program, Row, Slot, Statement } from '../../../src/kernel/row.ts';
import { run } from '../../../src/kernel/run.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Column } from '../../../src/tensor/dtype.ts';
import { columnOf } from '../../../src/tensor/tensor.ts';
import { columnsArbitrary, predicatesArbitrary, scalarOf, type Tested, treesArbitrary } from './arbitrary.ts';
import { compile } from './compile.ts';

const element = (of: Slot, index = 0): Row => ({
  k: 'element',
  of,
  index: { k: 'const', dtype: 'int32', value: index },
});

const inputsOf = (columns: readonly Tested[]): Slot[] =>
  columns.flatMap((c) => (c.missing ? [c.slot, c.missing] : [c.slot]));

const rowsArbitrary = (slots: readonly Slot[], rows: number): fc.Arbitrary<Map<string, Column>> =>
  fc
    .tuple(...slots.map((s) => fc.array(scalarOf(s.dtype), { minLength: rows, maxLength: rows })))
    .map((all) => new Map(slots.map((s, i) => [s.name, columnOf(s.dtype, all[i] as (number | string)[])])));

/** Equal bits: -0 is not 0, NaN is NaN. */
const expectSame = (got: ReadonlyMap<string, Column>, wanted: ReadonlyMap<string, Column>): void => {
  for (const [name, column] of wanted) expect([...(got.get(name) as Column)], name).toEqual([...column]);
};

describe('trees', () => {
  const rows = 21;
  const scenario = (counted: boolean, folded: boolean, minimum: number) =>
    columnsArbitrary.chain((columns) =>
      predicatesArbitrary(columns).chain(({ predicates, size }) =>
        fc.record({
          columns: fc.constant(columns),
          predicates: fc.constant(predicates),
          trees: fc
            .array(treesArbitrary(size), { minLength: minimum, maxLength: minimum })
            .map((all) => all.reduce((a, b) => (a.test.length > b.test.length ? a : b))),
          rows: rowsArbitrary(inputsOf(columns), rows),
          counted: fc.constant(counted),
          folded: fc.constant(folded),
        }),
      ),
    );
  type Scenario = ReturnType<typeof scenario> extends fc.Arbitrary<infer S> ? S : never;

  const programOf = ({ columns, predicates, trees, counted, folded }: Scenario): Program => {
    const count = trees.roots.length;
    const slot: Slot = { name: 'reached', dtype: 'int32', size: count };
    const unknowns: Slot | null = counted ? { name: 'unknowns', dtype: 'int32', size: count } : null;
    const statements: Statement[] = [
      {
        k: 'route',
        slot,
        unknowns,
        predicates,
        trees,
        columns: columns.map(({ slot, missing }) => ({
          value: element(slot),
          dtype: slot.dtype,
          missing: missing && element(missing),
        })),
      },
    ];
    const outputs = [{ name: 'reached', slot }];
    if (unknowns) outputs.push({ name: 'unknowns', slot: unknowns });
    if (folded) {
      outputs.shift();
      const loop: Loop = { loop: true };
      const worth = constant(
        'float64',
        Array.from({ length: trees.outcomes }, (_, i) => 0.1 * i - 1),
      );
      const sum: Slot = { name: 'sum', dtype: 'float32', size: 1 };
      const index: Row = { k: 'element', of: slot, index: { k: 'index', loop } };
      statements.push({
        k: 'define',
        slot: sum,
        loop: { loop: true },
        body: {
          k: 'fold',
          loop,
          over: count,
          with: 'sum',
          start: null,
          body: { k: 'apply', fn: 'cast', dtype: 'float32', args: [{ k: 'at', table: worth, key: index }] },
          dtype: 'float32',
          ordered: true,
        },
      });
      outputs.push({ name: 'sum', slot: sum });
      const votes: Slot = { name: 'votes', dtype: 'float64', size: 3 };
      const across: Loop = { loop: true };
      const trees_: Loop = { loop: true };
      statements.push({
        k: 'define',
        slot: votes,
        loop: across,
        body: {
          k: 'fold',
          loop: trees_,
          over: count,
          with: 'sum',
          start: { k: 'const', dtype: 'float64', value: 0 },
          body: {
            k: 'choose',
            when: [
              {
                k: 'apply',
                fn: 'eq',
                dtype: 'bool',
                args: [
                  {
                    k: 'apply',
                    fn: 'mod',
                    dtype: 'int32',
                    args: [
                      { k: 'element', of: slot, index: { k: 'index', loop: trees_ } },
                      { k: 'const', dtype: 'int32', value: 3 },
                    ],
                  },
                  { k: 'index', loop: across },
                ],
              },
            ],
            then: [{ k: 'const', dtype: 'float64', value: 0.7 }],
            otherwise: { k: 'const', dtype: 'float64', value: 0 },
          },
          dtype: 'float64',
          ordered: true,
        },
      });
      outputs.push({ name: 'votes', slot: votes });
    }
    return { inputs: inputsOf(columns), statements, outputs };
  };

  for (const counted of [false, true]) {
    for (const folded of [false, true]) {
      for (const minimum of [1, 12]) {
        it(`are walked as the interpreter does (${counted ? 'counting' : 'not counting'} UNKNOWN, ${folded ? 'summed' : 'as outcomes'}, ${minimum === 1 ? 'small' : 'large'})`, async () => {
          await fc.assert(
            fc.asyncProperty(scenario(counted, folded, minimum), async (s) => {
              const program = programOf(s);
              const compiled = await compile(program);
              expectSame(compiled.run(s.rows, rows), run(program, s.rows, rows));
              expectSame(compiled.run(s.rows, 1), run(program, s.rows, 1));
            }),
            { numRuns: 150 },
          );
        });
      }
    }
  }

  it('predicates on their own give TRUE, UNKNOWN or neither', async () => {
    await fc.assert(
      fc.asyncProperty(
        columnsArbitrary.chain((columns) =>
          predicatesArbitrary(columns).chain((p) =>
            fc.record({
              columns: fc.constant(columns),
              p: fc.constant(p),
              rows: rowsArbitrary(inputsOf(columns), rows),
            }),
          ),
        ),
        async ({ columns, p, rows: given }) => {
          const truth: Slot = { name: 'truth', dtype: 'bool', size: p.size };
          const unknown: Slot = { name: 'unknown', dtype: 'bool', size: p.size };
          const program: Program = {
            inputs: inputsOf(columns),
            statements: [
              {
                k: 'test',
                truth,
                unknown,
                predicates: p.predicates,
                rows: [...Array(p.size).keys()],
                columns: columns.map(({ slot, missing }) => ({
                  value: element(slot),
                  dtype: slot.dtype,
                  missing: missing && element(missing),
                })),
              },
            ],
            outputs: [
              { name: 'truth', slot: truth },
              { name: 'unknown', slot: unknown },
            ],
          };
          const compiled = await compile(program);
          expectSame(compiled.run(given, rows), run(program, given, rows));
        },
      ),
      { numRuns: 300 },
    );
  });
});
