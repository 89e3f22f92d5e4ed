import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import type { Model } from '../../../src/ir/model.ts';
import { expand } from '../../../src/passes/expand.ts';
import { lower } from '../../../src/passes/lower.ts';
import { casesOf, elementsOf, recipes } from '../../passes/recipes.ts';
import { compile } from './compile.ts';

const programOf = (model: Model) => {
  const program = lower(expand(model));
  if (!('statements' in program)) throw new Error(program.map((o) => `${o.operator}: ${o.why}`).join('; '));
  return program;
};

describe('a module gives what the reference evaluator gives, bit for bit', () => {
  it.each(Object.keys(recipes))('%s', async (name) => {
    for (const cases of casesOf(name)) {
      // The graph is the same in every case of a recipe; only the rows differ.
      const [first] = fc.sample(cases, 1);
      const compiled = await compile(programOf((first as NonNullable<typeof first>).model));
      fc.assert(
        fc.property(cases, ({ model, inputs, rows }) => {
          const reference = evaluator(model).run(inputs);
          const columns = new Map([...inputs].map(([k, t]) => [k, t.data]));
          const got = compiled.run(columns, rows);
          for (const [k, t] of reference) expect(elementsOf(got.get(k)), k).toEqual(elementsOf(t.data));
        }),
        { numRuns: 40 },
      );
    }
  });
});
