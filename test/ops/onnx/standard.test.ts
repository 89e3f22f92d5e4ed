import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { type Type, tensorType } from '../../../src/ir/model.ts';
import { fits, formatType } from '../../../src/ir/shape.ts';
import { type Datum, isTensor } from '../../../src/tensor/datum.ts';
import { type Case, dataSets, difference, open, random, readCases } from './cases.ts';

const cases = readCases();

const typeOf = (d: Datum): Type => (isTensor(d) ? tensorType(d.dtype, d.dims) : { kind: 'unknown' });

/** What is wrong with the case; undefined where it passes. */
const judge = (c: Case): string | undefined => {
  const model = open(c);
  const { evaluate, model: expanded } = evaluator(model);
  const sets = dataSets(c, model);
  if (sets.length === 0) return 'has no data';
  for (const { inputs, outputs } of sets) {
    const results = evaluate(inputs);
    for (const [i, wanted] of outputs.entries()) {
      const name = expanded.graph.results[i]?.name ?? '';
      const got = results.get(name);
      if (got && random.test(c.name) ? !fits(typeOf(got), typeOf(wanted)) : difference(got, wanted)) {
        return `${name} ${difference(got, wanted)}`;
      }
      const inferred = model.graph.results[i]?.type ?? { kind: 'unknown' };
      if (got && isTensor(got) && !fits(typeOf(got), inferred))
        return `${name} is inferred as ${formatType(inferred)}`;
    }
  }
  return undefined;
};

describe("the standard's cases", () => {
  test('every one gives what the standard says', () => {
    const wrong = cases.flatMap((c) => {
      try {
        const why = judge(c);
        return why ? `${c.path}: ${why}` : [];
      } catch (e) {
        return `${c.path}: ${e}`;
      }
    });
    console.log(`${cases.length - wrong.length} of ${cases.length} cases of the standard pass`);
    expect(wrong).toEqual([]);
  });
});
