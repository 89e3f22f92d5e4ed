import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, OWN, tensorType } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import { parseCsv } from '../../src/rows/csv.ts';
import { constant } from '../../src/tensor/data.ts';
import { nextDown64, nextUp64 } from '../../src/tensor/float.ts';
import { agrees, checkExamples } from '../../src/verify/examples.ts';
import { inputsFor } from '../../src/verify/inputs.ts';
import { predictionsScorer, referenceScorer } from '../../src/verify/scorers.ts';
import { verifyScorers } from '../../src/verify/verify.ts';
import { forestModel, modelOf, someColumns, type Tree } from './forest.ts';

/** label = 'high' where f(x) ≥ limit, else 'low'; and p = 1 / (1 + e^-x). */
const decision = (limit: number, power = 3): Model => {
  const b = new Builder(operators);
  const x = b.input('x', tensorType('float64', ['N', 1]));
  const number = (v: number) => b.constant(constant('float64', [v], []));
  const cube = b.op('Pow', [x, number(power)]);
  const high = b.op('GreaterOrEqual', [cube, number(limit)]);
  const text = (s: string) => b.constant(constant('string', [s], []));
  const label = b.op('Where', [high, text('high'), text('low')], {}, { output: 'label' });
  const one = number(1);
  const p = b.op('Div', [one, b.op('Add', [one, b.op('Exp', [b.op('Neg', [x])])])], {}, { output: 'p' });
  return modelOf(b, [{ name: 'x', dtype: 'float64' }], [x], label, p);
};

const columnOf = (model: Model, name: string, sampled = 0): number[] => [
  ...((inputsFor(model, { sampled }).tensors.get(name)?.data ?? []) as Float64Array),
];

describe('directed inputs', () => {
  it('hold both sides of a flip behind a function: the adjacent doubles around the cube root', () => {
    const xs = columnOf(decision(2), 'x');
    // x³ ≥ 2 holds from some double on, which is within an ulp or two of 2^(1/3).
    const first = xs.filter((x) => x ** 3 >= 2 && Number.isFinite(x)).reduce((a, b) => Math.min(a, b));
    expect(Math.abs(first - Math.cbrt(2))).toBeLessThan(1e-15);
    expect(nextDown64(first) ** 3).toBeLessThan(2);
    expect(xs).toContain(nextDown64(first));
  });

  it('leave out what the second side says it has no result for, and tell', async () => {
    const model = decision(2);
    const a = referenceScorer(model);
    const seen: number[] = [];
    const limits = {
      demands: { present: true, valid: true },
      intervals: [{ low: -1, high: 1, closure: 'co' as const }],
    };
    const side = (more: object) => ({
      ...a,
      fields: model.fields.map((f) => (f.role === 'input' ? { ...f, ...more } : f)),
      run: (inputs: Parameters<typeof a.run>[0]) => {
        seen.push(...((inputs.get('x')?.data ?? []) as Float64Array));
        return a.run(inputs);
      },
    });
    const within = (x: number) => x >= -1 && x < 1;
    const free = await verifyScorers({ a, b: side({}), model }, { sampled: 500 });
    expect(free.unchecked.join()).not.toContain('missing values');
    expect(seen.some((x) => Number.isNaN(x)) && seen.includes(Infinity) && seen.includes(1)).toBe(true);
    seen.length = 0;
    const bound = await verifyScorers({ a, b: side(limits), model }, { sampled: 500 });
    expect(seen.filter((x) => !within(x))).toEqual([]);
    expect(bound.unchecked.join()).toContain(
      "missing values of 'x', values out of range (infinite ones) of 'x'",
    );
  });

  it('hold the threshold, its neighbours and missing on a row that reaches the test', () => {
    // Only rows with a > 0.5 reach the test of b; on the other side stands the same column with another constant.
    const tree: Tree = {
      test: { kind: 'gt', column: 0, value: 0.5 },
      yes: { test: { kind: 'le', column: 1, value: 0.1 }, yes: { leaf: 1 }, no: { leaf: 2 }, unknown: 'yes' },
      no: { leaf: 3 },
      unknown: 'no',
    };
    const { tensors, boundary } = inputsFor(forestModel(someColumns, [tree]), { sampled: 0 });
    const [a, b] = [tensors.get('a'), tensors.get('b')];
    const reached: (number | null)[] = [];
    for (let i = 0; i < boundary; i++) {
      if (a?.missing?.[i] || !((a?.data[i] as number) > 0.5)) continue;
      reached.push(b?.missing?.[i] ? null : (b?.data[i] as number));
    }
    for (const want of [0.1, nextDown64(0.1), nextUp64(0.1), null]) expect(reached).toContain(want);
    const as = [...((a?.data ?? []) as Float64Array)];
    for (const want of [0.5, nextDown64(0.5), nextUp64(0.5)]) expect(as).toContain(want);
  });

  it('know a test that no row can reach, and try every category, an unseen one and missing', async () => {
    const tree: Tree = {
      test: { kind: 'gt', column: 0, value: 0.5 },
      yes: {
        test: { kind: 'lt', column: 0, value: 0.25 },
        yes: { test: { kind: 'lt', column: 1, value: 7 }, yes: { leaf: 1 }, no: { leaf: 2 }, unknown: 'yes' },
        no: {
          test: { kind: 'in', column: 4, values: ['red'] },
          yes: { leaf: 3 },
          no: { leaf: 4 },
          unknown: 'no',
        },
        unknown: 'no',
      },
      no: { leaf: 5 },
      unknown: 'no',
    };
    const model = forestModel(someColumns, [tree]);
    const scorer = referenceScorer(model);
    const v = await verifyScorers({ a: scorer, b: scorer, model }, { sampled: 0 });
    // Leaves 1 and 2 lie behind a > 0.5 and a < 0.25; of the three thresholds there, 0.25 is decided and 7 out of reach.
    expect(v.coverage).toMatchObject({
      leaves: { reached: 3, total: 5 },
      thresholds: { tried: 1, total: 3, unreachable: 2 },
      categories: { tried: 4, total: 4 },
    });
    expect(v.unchecked[0]).toBe('2 of 5 leaves that no row reaches: their paths contradict themselves');
    const { tensors } = inputsFor(model, { sampled: 0 });
    const e = tensors.get('e');
    expect(new Set(e?.data as string[])).toEqual(new Set(['red', 'green', 'blue', 'grey', 'unseen', '']));
    expect([...(e?.missing ?? [])]).toContain(1);
  });

  it('are the same for the same seed', () => {
    const model = decision(2);
    expect(columnOf(model, 'x', 100)).toEqual(columnOf(model, 'x', 100));
  });

  it('leave a smaller forest than its tests: many targets a row', () => {
    const trees = Array.from({ length: 40 }, (_, i): Tree => {
      const leaf = (k: number): Tree => ({ leaf: k });
      const test = (column: number, value: number, yes: Tree, no: Tree): Tree => ({
        test: { kind: 'le', column, value },
        yes,
        no,
        unknown: 'yes',
      });
      return test(
        i % 2,
        i / 40,
        test(5, i / 80, leaf(1), leaf(2)),
        test(1 - (i % 2), i / 60, leaf(3), leaf(4)),
      );
    });
    const { boundary, plan } = inputsFor(forestModel(someColumns, trees), { sampled: 0 });
    const targets = plan?.packed.claims.reduce((n, c) => n + c.length, 0) ?? 0;
    expect(plan?.packed.left).toBe(0);
    expect(boundary).toBeLessThan(targets * 0.75);
  });
});

describe('verification', () => {
  const run = (a: Model, b: Model, options = {}) =>
    verifyScorers({ a: referenceScorer(a), b: referenceScorer(b), model: a }, { sampled: 200, ...options });

  it('finds a limit shifted by one ulp behind a function', async () => {
    expect((await run(decision(2), decision(2))).equivalent).toBe(true);
    const v = await run(decision(2), decision(nextUp64(nextUp64(nextUp64(nextUp64(2))))));
    expect(v.equivalent).toBe(false);
    const label = v.columns.find((c) => c.column === 'label');
    expect(label?.kind).toBe('label');
    // x³ is within 4 ULP of the limit there: different all the same, but said to be a tie.
    expect(label?.allowed).toMatch(/^exactly equal; \d+ of the rows that differ are ties/);
    expect(label?.different).toBeGreaterThan(0);
    expect(v.worst).toMatchObject({ column: 'label', source: 'boundary', a: 'high', b: 'low' });
    expect(v.divergence).toMatchObject({ operator: 'GreaterOrEqual' });
  });

  it('says what is allowed, and takes what the user allows instead', async () => {
    const model = decision(2);
    const [label, p] = (await run(model, model)).columns;
    expect(label?.allowed).toBe('exactly equal');
    expect(p?.allowed).toContain('4 ULP for each elementary function on the way (Exp)');
    const asked = await run(model, model, { rtol: 1e-3, atol: 1e-6 });
    expect(asked.columns[1]?.allowed).toBe('as asked: |a - b| ≤ 0.000001 + 0.001·|a|');
  });

  it('reports a name that stands on one side only, unless it is mapped', async () => {
    const model = decision(2);
    const renamed = {
      ...model,
      fields: model.fields.map((f) => (f.name === 'p' ? { ...f, name: 'probability' } : f)),
    };
    const v = await run(model, renamed);
    expect(v.equivalent).toBe(false);
    expect(v.unmatched).toEqual([
      "output 'p' only on the first side",
      "output 'probability' only on the second side",
    ]);
    expect((await run(model, renamed, { map: new Map([['p', 'probability']]) })).equivalent).toBe(true);
    expect((await run(model, renamed, { map: new Map([['probability', 'p']]) })).equivalent).toBe(true);
  });

  it('compares with predictions at the precision they are printed in', async () => {
    const model = decision(8);
    const table = parseCsv(['x\n1\n2\n3\n'], 'x.csv');
    // e^-1 = 0.36788, e^-2 = 0.13534, e^-3 = 0.049787 by hand: p = 0.73106, 0.88080, 0.95257.
    const check = (text: string) => {
      const b = predictionsScorer(parseCsv([text], 'p.csv'), model.fields);
      return verifyScorers({ a: referenceScorer(model), b, model, table });
    };
    const good = await check('label,p\nlow,0.7311\nhigh,0.8808\nhigh,0.95257\n');
    expect(good).toMatchObject({ equivalent: true, rows: { boundary: 0, sampled: 0, given: 3 } });
    const bad = await check('label,p\nlow,0.7311\nlow,0.8808\nhigh,0.95267\n');
    expect(bad.columns.map((c) => [c.column, c.different])).toEqual([
      ['label', 1],
      ['p', 1],
    ]);
    const part = await check('label\nlow\nhigh\nhigh\n');
    expect(part.equivalent).toBe(true);
    expect(part.unchecked).toContain("outputs that the file does not hold: 'p'");
    await expect(check('label\nlow\n')).rejects.toThrow('1 predictions for 3 rows');
    await expect(check('other\nlow\nlow\nlow\n')).rejects.toThrow("none of the model's outputs");
  });

  it('counts missing on one side apart from different values', async () => {
    const masked = (limit: number): Model => {
      const b = new Builder(operators);
      const x = b.input('x', tensorType('float64', ['N', 1], 'missing'));
      const filled = b.op([OWN, 'Fill'], [x, b.constant(constant('float64', [0], []))]);
      const when = b.op('Less', [filled, b.constant(constant('float64', [limit], []))]);
      const y = b.op([OWN, 'Mask'], [x, when], {}, { output: 'y' });
      return modelOf(b, [{ name: 'x', dtype: 'float64' }], [x], y);
    };
    const v = await run(masked(1), masked(nextUp64(1)), { sampled: 0 });
    expect(v.columns[0]).toMatchObject({ missingOnOneSide: expect.any(Number), maxAbs: 0 });
    expect(v.columns[0]?.missingOnOneSide).toBe(v.columns[0]?.different);
    expect(v.columns[0]?.different).toBeGreaterThan(0);
    expect(v.worst).toMatchObject({ inputs: { x: 1 }, a: 1, b: null });
  });
});

describe('rows that the model carries', () => {
  it('agree within the precision, or both within the zero threshold (PMML 4.4.1, ModelVerification)', () => {
    expect(agrees('1', 1.000001, 1e-6, 1e-16)).toBe(true);
    expect(agrees('1', 1.0000011, 1e-6, 1e-16)).toBe(false);
    expect(agrees('-1', -0.9999995, 1e-6, 1e-16)).toBe(true);
    expect(agrees('0', 1e-17, 1e-6, 1e-16)).toBe(true);
    expect(agrees('0', 1e-15, 1e-6, 1e-16)).toBe(false);
    expect(agrees('yes', 'yes', 1e-6, 0)).toBe(true);
    expect(agrees('yes', 'no', 1e-6, 0)).toBe(false);
    expect(agrees(null, null, 1e-6, 0)).toBe(true);
    expect(agrees(null, 0, 1e-6, 0)).toBe(false);
  });

  it('are run and counted', async () => {
    const model: Model = {
      ...decision(8),
      examples: {
        inputs: new Map([['x', ['1', '2']]]),
        outputs: [
          { field: 'label', expected: ['low', 'low'], precision: 1e-6, zeroThreshold: 1e-16 },
          { field: 'p', expected: ['0.7310586', '0.8807971'], precision: 1e-6, zeroThreshold: 1e-16 },
        ],
      },
    };
    expect(await checkExamples(model)).toEqual({
      rows: 2,
      values: 4,
      failed: 1,
      firstFailure: "row 2, 'label': high instead of low",
    });
    expect(await checkExamples(decision(8))).toBeNull();
  });
});
