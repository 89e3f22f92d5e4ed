/** Windows of one to three axes with attributes drawn at random, against onnxruntime 1.30 (fixtures/onnx-nn). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { expectAgreement } from '../agree.ts';
import { inputsOf, modelOf, tensorOfVector, type Vector } from '../vectors.ts';

const vectors: Record<string, readonly Vector[]> = JSON.parse(
  readFileSync(new URL('../../../fixtures/onnx-nn/vectors.json', import.meta.url), 'utf8'),
);

/** At most 4 · 3³ products of magnitude ~1 a sum, in another order: 108 · 6e-8, and cancellation. */
const sums = { relative: 1e-5, absolute: 1e-5 };

for (const [name, cases] of Object.entries(vectors)) {
  describe(name, () => {
    for (const vector of cases) {
      test(vector.name, () => {
        const holding = { constants: [1, 2] };
        const model = modelOf('', name, vector, holding);
        const results = evaluator(model).run(inputsOf(vector, holding));
        vector.outputs.forEach((expected, i) => {
          const type = model.graph.results[i]?.type;
          expect(type).toEqual({
            kind: 'tensor',
            dtype: expected.dtype,
            dims: ['N', ...expected.dims.slice(1)],
            absent: 'never',
          });
          expectAgreement(results.get(`Y${i}`), tensorOfVector(expected), name === 'MaxPool' ? {} : sums);
        });
      });
    }
  });
}

describe('what does not fit is refused', () => {
  const conv = (attributes: Vector['attributes'], dims: readonly number[] = [1, 2, 4, 4]): Vector => ({
    name: '',
    version: 22,
    attributes,
    inputs: [
      { dtype: 'float32', dims, data: new Array(dims.reduce((n, d) => n * d, 1)).fill(0) },
      { dtype: 'float32', dims: [2, 2, 3, 3], data: new Array(36).fill(0) },
    ],
    outputs: [{ dtype: 'float32', dims: [], data: [] }],
  });
  const cases: readonly (readonly [string, Vector, RegExp])[] = [
    ['a window larger than the plane', conv({ dilations: { ints: [5, 5] } }), /does not fit into 4 elements/],
    ['a stride of 0', conv({ strides: { ints: [0, 1] } }), /strides is \[0,1\]/],
    ['too few pads', conv({ pads: { ints: [1, 1] } }), /pads is \[1,1\]; it takes 4/],
    ['a negative pad', conv({ pads: { ints: [-1, 0, 0, 0] } }), /pads is/],
    ['a group that does not divide', conv({ group: { int: 3 } }), /do not fit 2 channels in 3 groups/],
    ['an auto_pad that is none', conv({ auto_pad: { string: 'SOME' } }), /auto_pad is SOME/],
    ['a kernel of another rank', conv({ kernel_shape: { ints: [3] } }), /kernel_shape \[3\]/],
    ['no spatial axis', conv({}, [1, 2]), /rank 2/],
  ];
  test.each(cases)('%s', (_, vector, message) => {
    const build = () => modelOf('', 'Conv', vector, { constants: [1] });
    expect(build).toThrow(PortolanError);
    expect(build).toThrow(message);
  });

  test('padding beyond all memory', () => {
    const vector = conv({ pads: { ints: [2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30] } });
    const model = modelOf('', 'Conv', vector, { constants: [1] });
    expect(() => evaluator(model).run(inputsOf(vector, { constants: [1] }))).toThrow(/too large/);
  });
});
