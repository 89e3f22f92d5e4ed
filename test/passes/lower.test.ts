import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { type Model, opName } from '../../src/ir/model.ts';
import type { Program } from '../../src/kernel/row.ts';
import { run } from '../../src/kernel/run.ts';
import type { Operator } from '../../src/ops/operator.ts';
import { allOperators } from '../../src/ops/registry.ts';
import { expand } from '../../src/passes/expand.ts';
import { lower } from '../../src/passes/lower.ts';
import { casesOf, elementsOf, recipes } from './recipes.ts';

/** Its `lower` looks at nothing: it is a refusal, whatever the node. */
const refuses = (o: Operator): boolean => o.lower?.length === 0;

/** Operators that say what they mean twice: once to evaluate, once in the row language. */
const both = [
  ...new Set(
    allOperators()
      .filter((o) => o.evaluate && o.lower && !refuses(o))
      .map((o) => opName({ domain: o.domain, name: o.name, since: 0 })),
  ),
].sort();

const programOf = (model: Model): Program => {
  const program = lower(expand(model));
  if (!('statements' in program)) throw new Error(program.map((o) => `${o.operator}: ${o.why}`).join('; '));
  return program;
};

describe('what an operator evaluates to is what it lowers to, bit for bit', () => {
  it.each(both)('%s', (name) => {
    const uses = casesOf(name);
    expect(uses.length, `${name} evaluates and lowers, but has no recipe in recipes.ts`).toBeGreaterThan(0);
    for (const cases of uses) {
      fc.assert(
        fc.property(cases, ({ model, inputs, rows }) => {
          const reference = evaluator(model).run(inputs);
          const lowered = run(programOf(model), new Map([...inputs].map(([k, t]) => [k, t.data])), rows);
          for (const [k, t] of reference) expect(elementsOf(lowered.get(k)), k).toEqual(elementsOf(t.data));
        }),
        { numRuns: 40 },
      );
    }
  });

  it('knows no recipe for an operator that is gone', () => {
    expect(Object.keys(recipes).filter((name) => !both.includes(name))).toEqual([]);
  });
});
