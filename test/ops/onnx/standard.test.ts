import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { tensorType } from '../../../src/ir/model.ts';
import { fits, formatType } from '../../../src/ir/shape.ts';
import { find, versionsOf } from '../../../src/ops/registry.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { type Case, difference, modelOf, readCases, thaw } from './cases.ts';

const cases = readCases();

/** What is wrong with the case; undefined where it passes. Tolerances are the standard's own (rtol 1e-3, atol 1e-7). */
const judge = (c: Case): string | undefined => {
  const model = modelOf(c);
  const { run, model: expanded } = evaluator(model);
  const results = run(new Map(Object.entries(c.in).map(([name, f]) => [name, thaw(f)])));
  for (const [i, [name, f]] of Object.entries(c.out).entries()) {
    const got = results.get(expanded.graph.results[i]?.name ?? '') as Tensor;
    const wanted = thaw(f);
    const wrong = difference(got, wanted);
    if (wrong) return `${name} ${wrong}`;
    const inferred = model.graph.results[i]?.type ?? { kind: 'unknown' };
    if (!fits(tensorType(got.dtype, got.dims), inferred))
      return `${name} is inferred as ${formatType(inferred)}`;
  }
  return undefined;
};

describe("the standard's node cases", () => {
  const wrong: string[] = [];
  for (const c of cases) {
    let why: string | undefined;
    try {
      why = judge(c);
    } catch (e) {
      why = String(e);
    }
    if (why) wrong.push(`${c.name} (onnx ${c.source}, opset ${c.opset}): ${why}`);
  }

  test('every one gives what the standard says', () => {
    console.log(`${cases.length - wrong.length} of ${cases.length} node cases pass`);
    expect(wrong).toEqual([]);
  });

  test('they reach every version of every operator that they have cases for', () => {
    const reached = new Set(
      cases.flatMap((c) =>
        c.nodes.map((n) => `${n.op} ${versionsOf('', n.op).findLast((v) => v <= c.opset)}`),
      ),
    );
    for (const version of reached) {
      const [name = '', since] = version.split(' ');
      expect(find({ domain: '', name, since: Number(since) })).toBeDefined();
    }
    console.log(
      `${reached.size} versions of ${new Set(cases.flatMap((c) => c.nodes.map((n) => n.op))).size} operators`,
    );
  });
});
