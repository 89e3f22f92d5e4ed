/** Passes that keep values, held against the standard's own cases. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { isRefusal } from '../../src/ir/diagnostic.ts';
import type { Model } from '../../src/ir/model.ts';
import { batch } from '../../src/passes/batch.ts';
import { dead } from '../../src/passes/dead.ts';
import { fold } from '../../src/passes/fold.ts';
import { dataOf } from '../../src/tensor/data.ts';
import { type Datum, isTensor } from '../../src/tensor/datum.ts';
import { column } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { type Case, dataSets, difference, open, random, readCases, refit } from '../ops/onnx/cases.ts';

const cases = readCases().filter((c) => !random.test(c.name));

/** What a model gives that is not as it should be. */
const wrong = (
  model: Model,
  inputs: ReadonlyMap<string, Datum>,
  wanted: readonly Datum[],
): string | undefined => {
  const { evaluate, model: expanded } = evaluator(model);
  const asked = new Map([...inputs].filter(([name]) => model.graph.params.some((p) => p.name === name)));
  const results = evaluate(asked);
  for (const [i, w] of wanted.entries()) {
    const why = difference(results.get(expanded.graph.results[i]?.name ?? ''), w);
    if (why) return `output ${i} ${why}`;
  }
  return undefined;
};

const faults = (judge: (c: Case) => string | undefined): string[] =>
  cases.flatMap((c) => {
    try {
      const why = judge(c);
      return why ? [`${c.path}: ${why}`] : [];
    } catch (e) {
      return [`${c.path}: ${e}`];
    }
  });

describe('folding, sharing and dropping what is dead', () => {
  test('with the inputs as they are', () => {
    expect(
      faults((c) => {
        const model = open(c);
        const [set] = dataSets(c, model);
        return set && wrong(dead(fold(model)), set.inputs, set.outputs);
      }),
    ).toEqual([]);
  });

  test('with every input but the first constant, or all', () => {
    let computed = 0;
    const found = faults((c) => {
      const model = open(c);
      const [set] = dataSets(c, model);
      if (!set) return undefined;
      for (const first of [1, 0]) {
        const fixed = refit(model, (p) => {
          const given = set.inputs.get(p.name);
          return given && isTensor(given) && model.graph.params.indexOf(p) >= first ? dataOf(given) : p.type;
        });
        const folded = fold(fixed);
        if (folded.graph.nodes.length < fixed.graph.nodes.length) computed++;
        const why = wrong(folded, set.inputs, set.outputs);
        if (why) return why;
      }
      return undefined;
    });
    console.log(`${computed} graphs became smaller`);
    expect(computed).toBeGreaterThan(1000);
    expect(found).toEqual([]);
  });
});

/** The rows of a tensor, and the same once more. */
const twice = (t: Tensor): Tensor => {
  const data = column(t.dtype, 2 * t.dims.reduce((n, d) => n * d, 1)) as unknown as unknown[];
  [...t.data, ...t.data].forEach((e, i) => {
    data[i] = e;
  });
  return tensor(t.dtype, [2 * (t.dims[0] as number), ...t.dims.slice(1)], data as unknown as Tensor['data']);
};

test('a batch of any size: each row gets what it got', () => {
  let made = 0;
  const found = faults((c) => {
    const model = open(c);
    const [set] = dataSets(c, model);
    const values = [...(set?.inputs.values() ?? []), ...(set?.outputs ?? [])];
    if (!set || !values.every(isTensor) || values.length === 0) return undefined;
    const fixed = refit(model);
    const any = batch(fixed);
    if (isRefusal(any) || any.rows === null) return undefined;
    made++;
    const inputs = new Map([...set.inputs].map(([name, d]) => [name, twice(d as Tensor)]));
    return wrong(
      any,
      inputs,
      set.outputs.map((d) => twice(d as Tensor)),
    );
  });
  console.log(`${made} of ${cases.length} cases take any number of rows`);
  expect(made).toBeGreaterThan(500);
  expect(found).toEqual([]);
});
