/** Operators that are evaluated directly though the standard gives them a body: both ways give what its cases say. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { bodyOf } from '../single.ts';
import { dataSets, difference, open, readCases } from './cases.ts';

const names = ['Attention', 'CausalConvWithState', 'FlexAttention', 'LinearAttention'] as const;

const cases = readCases().filter(({ name }) => /attention|causal_conv/.test(name) && !/_expanded/.test(name));

describe.each(names)('%s', (operator) => {
  const own = cases.flatMap((c) => {
    const model = open(c);
    return model.graph.nodes.some(({ op }) => op.name === operator) ? [{ c, model }] : [];
  });

  test('evaluated and by its body', () => {
    expect(own.length).toBeGreaterThan(10);
    const wrong = own.flatMap(({ c, model }) =>
      [model, bodyOf(model, operator)].flatMap((way, i) => {
        const { evaluate, model: ready } = evaluator(way);
        return dataSets(c, model).flatMap(({ inputs, outputs }) => {
          const results = evaluate(inputs);
          return outputs.flatMap((wanted, k) => {
            const why = difference(results.get(ready.graph.results[k]?.name ?? ''), wanted);
            return why ? [`${c.path} ${i === 0 ? 'evaluated' : 'by its body'}: output ${k} ${why}`] : [];
          });
        });
      }),
    );
    expect(wrong).toEqual([]);
  });
});
