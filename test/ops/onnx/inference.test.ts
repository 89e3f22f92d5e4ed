/** Types and shapes inferred in the standard's cases, with nothing declared but the inputs. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import type { Type } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { dataOf } from '../../../src/tensor/data.ts';
import { type Datum, isTensor } from '../../../src/tensor/datum.ts';
import { type Case, dataSets, difference, open, random, readCases, refit } from './cases.ts';

const cases = readCases();

/** exact: every extent is known; open: some is not, or a name; wrong: it cannot be what came out. */
type Verdict = 'exact' | 'open' | 'wrong';

const judge = (type: Type, got: Datum): Verdict => {
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

/** Which inputs are constants: none, or all but the first (shapes, axes and sizes often are). */
const modes = {
  'inputs that may be anything': () => false,
  'inputs but the first constant': (i: number) => i > 0,
} as const;

describe.each(Object.entries(modes))('%s', (_, constant) => {
  const found = { exact: 0, open: 0, wrong: 0 };
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
      const verdict = judge(type, wanted);
      found[verdict]++;
      if (verdict !== 'exact') list.push(`${verdict} ${c.path} ${name}: ${formatType(type)}`);
      const got = results.get(expanded.graph.results[i]?.name ?? '');
      const why = random.test(c.name) ? undefined : difference(got, wanted);
      if (why) differences.push(`${c.path}: ${name} ${why}`);
    }
  };

  test('nothing is inferred wrong, and the results are the same', () => {
    for (const c of cases) {
      try {
        look(c);
      } catch (e) {
        differences.push(`${c.path}: ${e}`);
      }
    }
    const share = ((100 * found.exact) / (found.exact + found.open + found.wrong)).toFixed(1);
    console.log(`shapes exact ${share} %: ${JSON.stringify(found)}`);
    if (process.env['SHOW']) console.log(list.join('\n'));
    expect(list.filter((l) => l.startsWith('wrong'))).toEqual([]);
    expect(differences).toEqual([]);
  });
});
