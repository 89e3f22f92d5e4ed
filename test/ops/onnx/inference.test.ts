/**
 * Types and shapes inferred in the standard's cases, with nothing declared but the inputs.
 *
 * Where a shape is the data's (how many elements are not zero, what another input says it is), nobody can know it before the
 * data is there. Whether it is, is told by a witness: the case is evaluated again with other data of the same types in the
 * inputs that are left open, and the output comes out in another shape. What is open without such a witness counts against us.
 *
 * The same measure of onnx's own inference, `infer_shapes(data_prop=True)` of 1.23.1, is in docs/onnx.md.
 */
import { describe, expect, test } from 'vitest';
import { type Evaluator, evaluator } from '../../../src/evaluate/evaluate.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import type { Model, Type } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { dataOf } from '../../../src/tensor/data.ts';
import { type Datum, isTensor } from '../../../src/tensor/datum.ts';
import { type Case, dataSets, difference, open, random, readCases, refit } from './cases.ts';
import { variations } from './variations.ts';

const cases = readCases();

/**
 * exact: every extent is known; data: some is not, and depends on data that is not there; open: some is not, or is a
 * name; wrong: it cannot be what came out.
 */
type Verdict = 'exact' | 'data' | 'open' | 'wrong';

const judge = (type: Type, got: Datum): Exclude<Verdict, 'data'> => {
  if (type.kind === 'unknown') return 'open';
  if (!isTensor(got)) {
    if (type.kind !== got.kind) return 'wrong';
    if (type.kind === 'optional' && got.kind === 'optional')
      return got.value ? judge(type.of, got.value) : 'exact';
    if (type.kind === 'sequence' && got.kind === 'sequence') {
      const items = got.items.map((i) => judge(type.of, i));
      // Items of several shapes have no shape in common that could be known.
      const alike = new Set(got.items.map((i) => (isTensor(i) ? i.dims.join() : ''))).size <= 1;
      return items.includes('wrong') ? 'wrong' : alike && items.includes('open') ? 'open' : 'exact';
    }
    return 'exact';
  }
  if (type.kind !== 'tensor' || type.dtype !== got.dtype) return 'wrong';
  if (type.dims === null) return 'open';
  if (type.dims.length !== got.dims.length) return 'wrong';
  if (type.dims.some((d, i) => typeof d === 'number' && d !== got.dims[i])) return 'wrong';
  return type.dims.every((d) => typeof d === 'number') ? 'exact' : 'open';
};

/** All extents in a value, in words. */
const shapeOf = (d: Datum | null): string => {
  if (d === null) return 'none';
  if (isTensor(d)) return `[${d.dims}]`;
  if (d.kind === 'sequence') return `(${d.items.map(shapeOf)})`;
  return d.kind === 'optional' ? `optional ${shapeOf(d.value)}` : d.kind;
};

/** Evaluates with other data; what does not fit the model is no witness. */
const tried = (evaluate: Evaluator['evaluate'], inputs: ReadonlyMap<string, Datum>) => {
  try {
    return evaluate(inputs);
  } catch (e) {
    if (e instanceof PortolanError) return undefined;
    throw e;
  }
};

/** Does result `name` come out in another shape with other data in one of the inputs? */
const dependsOnData = (
  model: Model,
  evaluate: Evaluator['evaluate'],
  inputs: ReadonlyMap<string, Datum>,
  name: string,
  shape: string,
): boolean => {
  for (const p of model.graph.params) {
    const given = inputs.get(p.name);
    if (!given) continue;
    for (const other of variations(given, p.type)) {
      const got = tried(evaluate, new Map(inputs).set(p.name, other))?.get(name);
      if (got && shapeOf(got) !== shape) return true;
    }
  }
  return false;
};

/** Which inputs are constants: none, or all but the first (shapes, axes and sizes often are). */
const modes = {
  'inputs that may be anything': () => false,
  'inputs but the first constant': (i: number) => i > 0,
} as const;

describe.each(Object.entries(modes))('%s', (_, constant) => {
  const found: Record<Verdict, number> = { exact: 0, data: 0, open: 0, wrong: 0 };
  const list: string[] = [];
  const differences: string[] = [];

  const look = (c: Case): void => {
    const model = open(c);
    const [set] = dataSets(c, model);
    if (!set) return;
    const { params } = model.graph;
    const fixed = new Map(
      params.flatMap((p, i) => {
        const given = set.inputs.get(p.name);
        return given && isTensor(given) && constant(i) ? [[p, dataOf(given)] as const] : [];
      }),
    );
    const refitted = refit(model, (p) => fixed.get(p) ?? p.type);
    const { evaluate, model: expanded } = evaluator(refitted);
    const results = evaluate(set.inputs);
    for (const [i, wanted] of set.outputs.entries()) {
      const { name = '', type = { kind: 'unknown' } } = refitted.graph.results[i] ?? {};
      const result = expanded.graph.results[i]?.name ?? '';
      const judged = judge(type, wanted);
      const verdict =
        judged === 'open' && dependsOnData(refitted, evaluate, set.inputs, result, shapeOf(wanted))
          ? 'data'
          : judged;
      found[verdict]++;
      if (verdict !== 'exact') list.push(`${verdict} ${c.path} ${name}: ${formatType(type)}`);
      const why = random.test(c.name) ? undefined : difference(results.get(result), wanted);
      if (why) differences.push(`${c.path}: ${name} ${why}`);
    }
  };

  test('what can be known is inferred, nothing is inferred wrong, and the results are the same', () => {
    for (const c of cases) {
      try {
        look(c);
      } catch (e) {
        differences.push(`${c.path}: ${e}`);
      }
    }
    const all = Object.values(found).reduce((a, b) => a + b, 0);
    const share = (of: number) => `${((100 * found.exact) / of).toFixed(1)} %`;
    console.log(
      `shapes exact: ${share(all)} of all, ${share(all - found.data)} of those that can be known: ${JSON.stringify(found)}`,
    );
    if (process.env.SHOW) console.log(list.join('\n'));
    expect(list.filter((l) => l.startsWith('wrong'))).toEqual([]);
    expect(differences).toEqual([]);
    expect(found.exact / (all - found.data)).toBeGreaterThanOrEqual(0.99);
  });
});
