/**
 * The measure of directed inputs: every small mistake that can be made in a forest must show on the boundary rows alone.
 * Whether a mutant is a mistake at all is decided apart from the code under test, by trying all combinations of values at
 * and around every constant: over so small a table that is a proof.
 */
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import type { Model } from '../../src/ir/model.ts';
import { column, type DType } from '../../src/tensor/dtype.ts';
import { nextDown32, nextDown64, nextUp32, nextUp64 } from '../../src/tensor/float.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { inputsFor } from '../../src/verify/inputs.ts';
import { referenceScorer } from '../../src/verify/scorers.ts';
import { verifyScorers } from '../../src/verify/verify.ts';
import { type Column, forestModel, randomTrees, type Test, type Tree } from './forest.ts';

const columns: readonly Column[] = [
  { name: 'a', dtype: 'float64' },
  { name: 'b', dtype: 'float32' },
  { name: 'c', dtype: 'string', categories: ['red', 'green', 'blue'] },
  { name: 'd', dtype: 'int32' },
];

const step = (x: number, dtype: DType, up: boolean): number => {
  if (dtype === 'float64') return up ? nextUp64(x) : nextDown64(x);
  if (dtype === 'float32') return up ? nextUp32(x) : nextDown32(x);
  return up ? x + 1 : x - 1;
};

interface Mutant {
  readonly kind: string;
  readonly trees: readonly Tree[];
}

const mutantsOfTest = (t: Test): { kind: string; test: Test }[] => {
  if (t.kind === 'in') {
    const { categories = [] } = columns[t.column] as Column;
    return categories.map((c) => ({
      kind: 'category',
      test: { ...t, values: t.values.includes(c) ? t.values.filter((v) => v !== c) : [...t.values, c] },
    }));
  }
  if ('args' in t) {
    return t.args.flatMap((a, i) =>
      mutantsOfTest(a).map((m) => ({ kind: m.kind, test: { ...t, args: t.args.with(i, m.test) } })),
    );
  }
  const flipped = { lt: 'le', le: 'lt', gt: 'ge', ge: 'gt' } as const;
  const { dtype } = columns[t.column] as Column;
  return [
    { kind: 'strictness', test: { ...t, kind: flipped[t.kind] } },
    { kind: 'threshold one up', test: { ...t, value: step(t.value, dtype, true) } },
    { kind: 'threshold one down', test: { ...t, value: step(t.value, dtype, false) } },
  ];
};

const mutantsOfTree = (t: Tree): { kind: string; tree: Tree }[] => {
  if ('leaf' in t) return [{ kind: 'leaf', tree: { leaf: t.leaf + 0.125 } }];
  return [
    ...mutantsOfTest(t.test).map((m) => ({ kind: m.kind, tree: { ...t, test: m.test } })),
    { kind: 'children', tree: { ...t, yes: t.no, no: t.yes } },
    { kind: 'default', tree: { ...t, unknown: t.unknown === 'yes' ? 'no' : 'yes' } as Tree },
    ...mutantsOfTree(t.yes).map((m) => ({ kind: m.kind, tree: { ...t, yes: m.tree } })),
    ...mutantsOfTree(t.no).map((m) => ({ kind: m.kind, tree: { ...t, no: m.tree } })),
  ];
};

const mutantsOf = (trees: readonly Tree[]): Mutant[] =>
  trees.flatMap((t, i) => mutantsOfTree(t).map(({ kind, tree }) => ({ kind, trees: trees.with(i, tree) })));

const constants = (trees: readonly Tree[], at: number): number[] => {
  const found: number[] = [];
  const test = (t: Test) => {
    if ('args' in t) t.args.forEach(test);
    else if (t.kind !== 'in' && t.column === at) found.push(t.value);
  };
  const walk = (t: Tree) => {
    if ('leaf' in t) return;
    test(t.test);
    walk(t.yes);
    walk(t.no);
  };
  trees.forEach(walk);
  return found;
};

/** Every combination of the constants and what lies up to two steps around them, missing, and something else. */
const everything = (trees: readonly Tree[]): Map<string, Tensor> => {
  const choices = columns.map((c, at): (number | string | null)[] => {
    if (c.dtype === 'string') return [...(c.categories ?? []), 'other', null];
    const around = constants(trees, at).flatMap((x) => {
      const down = step(x, c.dtype, false);
      const up = step(x, c.dtype, true);
      return [down, x, up];
    });
    return [...new Set(around), null];
  });
  const rows = choices.reduce((n, c) => n * c.length, 1);
  let period = 1;
  return new Map(
    columns.map((c, at) => {
      const own = choices[at] as (number | string | null)[];
      const data = column(c.dtype, rows);
      const missing = new Uint8Array(rows);
      for (let i = 0; i < rows; i++) {
        const v = own[Math.floor(i / period) % own.length] ?? null;
        if (v === null) missing[i] = 1;
        else (data as (number | string)[])[i] = v;
      }
      period *= own.length;
      return [c.name, tensor(c.dtype, [rows, 1], data, missing)];
    }),
  );
};

const answers = (model: Model, inputs: ReadonlyMap<string, Tensor>): Float64Array =>
  evaluator(model).run(inputs).get('y')?.data as Float64Array;

const same = (a: Float64Array, b: Float64Array): boolean => a.every((x, i) => x === b[i]);

describe('boundary rows', () => {
  it('show every mutant of random forests that is one, without a single sampled row', () => {
    const score = new Map<string, { killed: number; real: number; equivalent: number }>();
    const missed: string[] = [];
    for (let seed = 1; seed <= 30; seed++) {
      const trees = randomTrees(columns, 2, 3, seed);
      const model = forestModel(columns, trees);
      const { tensors } = inputsFor(model, { sampled: 0, seed });
      const all = everything(trees);
      const here = answers(model, tensors);
      const everywhere = answers(model, all);
      for (const m of mutantsOf(trees)) {
        const mutant = forestModel(columns, m.trees);
        const s = score.get(m.kind) ?? { killed: 0, real: 0, equivalent: 0 };
        score.set(m.kind, s);
        const killed = !same(here, answers(mutant, tensors));
        if (!killed && same(everywhere, answers(mutant, all))) s.equivalent++;
        else {
          s.real++;
          if (killed) s.killed++;
          else missed.push(`seed ${seed}: ${m.kind}`);
        }
      }
    }
    let [killed, real] = [0, 0];
    for (const [kind, s] of score) {
      killed += s.killed;
      real += s.real;
      console.log(
        `${kind}: ${s.killed} of ${s.real} mutants shown, ${s.equivalent} proven to change nothing`,
      );
    }
    console.log(`mutation score: ${killed} of ${real}`);
    expect(missed).toEqual([]);
    expect(real).toBeGreaterThan(2000);
    expect([...score.keys()].sort()).toEqual(
      [
        'category',
        'children',
        'default',
        'leaf',
        'strictness',
        'threshold one down',
        'threshold one up',
      ].sort(),
    );
  }, 300_000);

  it('make verification fail on a mutant, with the row and the command that show it', async () => {
    const trees: Tree[] = [
      { test: { kind: 'le', column: 0, value: 0.3 }, yes: { leaf: 1 }, no: { leaf: 2 }, unknown: 'no' },
    ];
    const model = forestModel(columns, trees);
    const wrong = forestModel(columns, [
      { ...trees[0], test: { kind: 'lt', column: 0, value: 0.3 } } as Tree,
    ]);
    const v = await verifyScorers(
      { a: referenceScorer(model), b: referenceScorer(wrong), model },
      { sampled: 100, names: { a: 'right.pmml', b: 'wrong.onnx' } },
    );
    expect(v.equivalent).toBe(false);
    expect(v.columns[0]).toMatchObject({ column: 'y', different: expect.any(Number), maxAbs: 1 });
    expect(v.columns[0]?.different).toBeGreaterThan(0);
    // The only input on which `<=` and `<` part.
    expect(v.worst).toMatchObject({ column: 'y', source: 'boundary', inputs: { a: 0.3 }, a: 1, b: 2 });
    expect(v.worst?.reproduce).toMatch(
      /^printf '%s\\n' '\{"a":0\.3,.*\}' \| portolan score right\.pmml --data -$/,
    );
    // The route is the first value that differs.
    expect(v.divergence).toMatchObject({ operator: 'portolan.Route', value: 'leaf' });
    expect(JSON.parse(JSON.stringify(v))).toEqual(v);
  });
});
