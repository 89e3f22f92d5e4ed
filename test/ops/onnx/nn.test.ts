/** The standard's node cases of the neural-network operators (fixtures/onnx-nn). */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { tensorType } from '../../../src/ir/model.ts';
import { fits } from '../../../src/ir/shape.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { difference, modelOf, readCases, thaw } from './cases.ts';

const cases = readCases('onnx-nn');

const operators = [...new Set(cases.flatMap((c) => c.nodes.map((n) => n.op)))].sort();

describe.each(operators)('%s', (operator) => {
  for (const c of cases.filter(({ nodes }) => nodes.some((n) => n.op === operator))) {
    test(`${c.name}, opset ${c.opset} of onnx ${c.source}`, () => {
      // What is an input in the case may be a constant of the model: shapes, scales and sizes often are.
      for (const constant of [() => false, (name: string) => name !== Object.keys(c.in)[0]]) {
        const model = modelOf(c, undefined, constant);
        const { run, model: expanded } = evaluator(model);
        const results = run(new Map(Object.entries(c.in).map(([name, f]) => [name, thaw(f)])));
        for (const [i, [name, f]] of Object.entries(c.out).entries()) {
          const got = results.get(expanded.graph.results[i]?.name ?? '') as Tensor;
          expect(difference(got, thaw(f)), name).toBeUndefined();
          const inferred = model.graph.results[i]?.type ?? { kind: 'unknown' };
          expect(fits(tensorType(got.dtype, got.dims), inferred), name).toBe(true);
        }
      }
    });
  }
});
