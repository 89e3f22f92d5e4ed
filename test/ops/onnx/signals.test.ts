/** Windows, mel weights and Fourier transforms: by formula, by hand, and against numpy where it is named. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Dim, type Model, tensorType, type Value } from '../../../src/ir/model.ts';
import { find, operators, resolve } from '../../../src/ops/registry.ts';
import { rebuild } from '../../../src/passes/rebuild.ts';
import { dataOf } from '../../../src/tensor/data.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { direct, elements, modelOfOne, runModel, type Single, t } from '../single.ts';

type Attributes = NonNullable<Single['attributes']>;

const of = (
  name: string,
  inputs: readonly (Tensor | null)[],
  attributes: Attributes = {},
  opset = 28,
): number[] => elements(direct({ name, attributes, opset }, inputs)[0]);

/** The type of the output where inputs have these types, some of them known. */
const inferred = (
  name: string,
  inputs: readonly (Tensor | readonly Dim[] | null)[],
  attributes: Attributes = {},
) => {
  const b = new Builder(operators);
  const values = inputs.map((x, i): Value | null => {
    if (x === null) return null;
    return 'data' in x ? b.parameter(`p${i}`, dataOf(x)) : b.input(`x${i}`, tensorType('float32', x));
  });
  const [out] = b.call(resolve('', name, 28) as never, values, { attributes });
  return out?.type.kind === 'tensor' ? out.type.dims : undefined;
};

const whole = (value: number): Tensor => t('int64', [], [value]);
const double = { output_datatype: attr.int(11) };
const close = (values: readonly number[]) => values.map((v) => expect.closeTo(v, 12));

describe('windows', () => {
  test('by their formulas', () => {
    const symmetric = { ...double, periodic: attr.int(0) };
    // cos(2πn/4) is 1, 0, -1, 0; cos(2πn/3) is 1, -1/2, -1/2, 1.
    expect(of('HannWindow', [whole(4)], double)).toEqual(close([0, 0.5, 1, 0.5]));
    expect(of('HannWindow', [whole(4)], symmetric)).toEqual(close([0, 0.75, 0.75, 0]));
    expect(of('HammingWindow', [whole(4)], double)).toEqual(close([2 / 23, 25 / 46, 1, 25 / 46]));
    // 0.42 - ½·0 + 0.08·(-1) at a quarter.
    expect(of('BlackmanWindow', [whole(4)], double)).toEqual(close([0, 0.34, 1, 0.34]));
    expect(of('HannWindow', [whole(0)])).toEqual([]);
    // The function body of the standard divides by 0, and so does onnxruntime.
    expect(of('HannWindow', [whole(1)], symmetric)).toEqual([Number.NaN]);
  });

  test('said in other operators they are the same, bit for bit', () => {
    for (const name of ['HannWindow', 'HammingWindow', 'BlackmanWindow']) {
      for (const attributes of [{}, { ...double, periodic: attr.int(0) }, { output_datatype: attr.int(6) }]) {
        const model = modelOfOne({ name, attributes, opset: 17 }, [t('int32', [], [9])]);
        expect(runModel(expressed(model), [t('int32', [], [9])])).toEqual(
          runModel(model, [t('int32', [], [9])]),
        );
      }
    }
  });

  test('a constant size is the shape, and a senseless one is refused', () => {
    expect(inferred('HannWindow', [whole(7)])).toEqual([7]);
    for (const size of [-1, 2 ** 40]) expect(() => of('HannWindow', [whole(size)])).toThrow('cannot give');
    expect(() => of('HannWindow', [whole(3)], { output_datatype: attr.int(8) })).toThrow('output_datatype 8');
  });
});

/** The one node replaced by what it is at older opsets. */
const expressed = (model: Model): Model =>
  rebuild(model, (node, b, inputs) => {
    const said = find(node.op)?.express?.({ ...node, inputs }, b, new Map([['', 16]]));
    if (!said || 'rule' in said) throw new Error('it has no older form');
    return said;
  });

test('CenterCropPad, said in other operators, is the same', () => {
  const x = t(
    'float32',
    [3, 4],
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  for (const [shape, axes] of [[[5, 2]], [[2, 7]], [[6], [1]], [[1], [-2]]] as const) {
    const inputs = [x, t('int64', [shape.length], shape)];
    const attributes: Attributes = axes ? { axes: attr.ints(axes) } : {};
    const model = modelOfOne({ name: 'CenterCropPad', attributes }, inputs);
    expect(runModel(expressed(model), inputs)).toEqual(runModel(model, inputs));
  }
});

test('MelWeightMatrix: corners a fifth of the mels of 4,000 Hz apart, moved down to bins (as onnxruntime 1.30 has it)', () => {
  const inputs = [whole(3), whole(16), whole(8000), t('float32', [], [0]), t('float32', [], [4000])];
  // mel(4000) = 2146; corners at 0, 429.2, …, 1716.8 mel are 0, 324.5, 799.3, 1494.3, 2511.4 Hz: bins 0, 0, 1, 3, 5.
  const rows = [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1], [0, 0, 0.5], ...new Array(4).fill([0, 0, 0])];
  expect(of('MelWeightMatrix', inputs)).toEqual(rows.flat());
  expect(inferred('MelWeightMatrix', inputs)).toEqual([9, 3]);
  const beyond = [...inputs.slice(0, 4), t('float32', [], [40000])];
  expect(() => of('MelWeightMatrix', beyond)).toThrow('lie outside');
});

describe('DFT', () => {
  const real = (values: readonly number[]) => t('float64', [values.length, 1], values);

  test('of lengths of every kind (numpy.fft.fft of NumPy 2)', () => {
    const seven = of('DFT', [real([1, 2, 0, -1, 3, 5, 2])]);
    expect(seven.slice(0, 6)).toEqual(
      close([12, 0, 0.5794168018485235, 6.610174517379351, -3.1479484716198867, -5.29674462545991]),
    );
    // 37 goes by the chirp.
    const long = of('DFT', [real(Array.from({ length: 37 }, (_, n) => (n * n) % 11))]);
    expect([long[2], long[3], long[36], long[37]]).toEqual(
      [-2.163069269359845, -2.198176470292633, -6.212936203743713, 0.3769662353612513].map((v) =>
        expect.closeTo(v, 10),
      ),
    );
  });

  test('there and back, by the definition', () => {
    for (const n of [1, 2, 6, 16, 25, 30, 41]) {
      const x = Array.from({ length: 2 * n }, (_, i) => Math.sin(3 * i) + (i % 5));
      const forward = of('DFT', [t('float64', [n, 2], x)]);
      for (let k = 0; k < n; k++) {
        let [re, im] = [0, 0];
        for (let m = 0; m < n; m++) {
          const [c, s] = [Math.cos((-2 * Math.PI * k * m) / n), Math.sin((-2 * Math.PI * k * m) / n)];
          const [a, b] = [x[2 * m] as number, x[2 * m + 1] as number];
          re += a * c - b * s;
          im += a * s + b * c;
        }
        expect(forward.slice(2 * k, 2 * k + 2)).toEqual([re, im].map((v) => expect.closeTo(v, 9)));
      }
      const back = of('DFT', [t('float64', [n, 2], forward)], { inverse: attr.int(1) });
      expect(back).toEqual(x.map((v) => expect.closeTo(v, 12)));
    }
  });

  test('cut, padded, one-sided, back from one side, along another axis', () => {
    expect(of('DFT', [real([1, 2, 3]), whole(2)])).toEqual(close([3, 0, -1, 0]));
    expect(of('DFT', [real([1]), whole(3)])).toEqual(close([1, 0, 1, 0, 1, 0]));
    const half = of('DFT', [real([1, 2, 3, 4])], { onesided: attr.int(1) });
    expect(half).toEqual(close([10, 0, -2, 2, -2, 0]));
    const both = { onesided: attr.int(1), inverse: attr.int(1) };
    expect(of('DFT', [t('float64', [3, 2], half)], both)).toEqual(close([1, 2, 3, 4]));
    expect(of('DFT', [t('float64', [3, 2], half), whole(5)], both)).toHaveLength(5);
    const matrix = t('float64', [2, 2, 1], [1, 2, 3, 4]);
    expect(of('DFT', [matrix, null, whole(0)])).toEqual(close([4, 0, 6, 0, -2, 0, -2, 0]));
    expect(of('DFT', [matrix], { axis: attr.int(0) }, 17)).toEqual(close([4, 0, 6, 0, -2, 0, -2, 0]));
    expect(of('DFT', [matrix], {}, 17)).toEqual(close([3, 0, -1, 0, 7, 0, -1, 0]));
  });

  test('shapes, with symbols where they are', () => {
    const [one, inverse] = [{ onesided: attr.int(1) }, { inverse: attr.int(1), onesided: attr.int(1) }];
    expect(inferred('DFT', [['N', 'L', 1]])).toEqual(['N', 'L', 2]);
    expect(inferred('DFT', [['N', 10, 1]], one)).toEqual(['N', 6, 2]);
    expect(inferred('DFT', [['N', 6, 2]], inverse)).toEqual(['N', 10, 1]);
    expect(inferred('DFT', [['N', 10, 1], whole(5)], one)).toEqual(['N', 3, 2]);
    expect(inferred('DFT', [[4, 'L', 2], null, whole(0)])).toEqual([4, 'L', 2]);
  });

  test('what makes no sense is refused', () => {
    expect(() => of('DFT', [t('float64', [2, 2], [1, 2, 3, 4])], { onesided: attr.int(1) })).toThrow(
      'real numbers only',
    );
    expect(() => of('DFT', [t('float64', [2, 3], [1, 2, 3, 4, 5, 6])])).toThrow('3 elements');
    expect(() => of('DFT', [real([1]), null, whole(1)])).toThrow('the last axis');
    expect(() => of('DFT', [real([1]), whole(0)])).toThrow('dft_length is 0');
    expect(() => of('DFT', [real([1]), whole(2 ** 40)])).toThrow('cannot give');
  });
});

describe('STFT', () => {
  const signal = t('float64', [1, 6, 1], [1, 2, 3, 4, 5, 6]);

  test('frames by hand', () => {
    // Frames [1 2], [3 4], [5 6]: sum and difference.
    const both = of('STFT', [signal, whole(2), null, whole(2)]);
    expect(both).toEqual(close([3, 0, -1, 0, 7, 0, -1, 0, 11, 0, -1, 0]));
    const weighed = of('STFT', [signal, whole(4), t('float64', [2], [1, 0])]);
    expect(weighed).toEqual(close([1, 0, 1, 0, 5, 0, 5, 0]));
    expect(of('STFT', [signal, whole(1)])).toHaveLength(8);
  });

  test('shapes, and what makes no sense', () => {
    expect(inferred('STFT', [['N', 128, 1], whole(8), null, whole(16)])).toEqual(['N', 15, 9, 2]);
    expect(inferred('STFT', [['N', 128, 1], whole(8), null, whole(16)], { onesided: attr.int(0) })).toEqual([
      'N',
      15,
      16,
      2,
    ]);
    expect(inferred('STFT', [['N', 'L', 1], whole(8), null, whole(16)])).toEqual(['N', null, 9, 2]);
    expect(() => of('STFT', [signal, whole(0), null, whole(2)])).toThrow('no frames');
    expect(() => of('STFT', [signal, whole(1), t('float64', [2], [1, 0]), whole(3)])).toThrow('does not fit');
    expect(() => of('STFT', [t('float64', [1, 2, 2], [1, 2, 3, 4]), whole(1)])).toThrow('onesided must be 0');
  });
});
