/** Sampling, regions, pools of other norms, integer products: edges worked by hand from the standard's text. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Attribute, type Dim, type Model, tensorType, type Value } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { operators, resolve } from '../../../src/ops/registry.ts';
import { express, obstacles } from '../../../src/passes/express.ts';
import { dataOf } from '../../../src/tensor/data.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.ts';

type Attributes = Readonly<Record<string, Attribute>>;
type Given = readonly (Tensor | null)[];

const t = (dtype: DType, dims: readonly number[], values: readonly (number | bigint | string)[]): Tensor =>
  tensorOf(dtype, dims, values);
const f32 = (dims: readonly number[], values: readonly number[]) => t('float32', dims, values);
const i64 = (...values: number[]) => t('int64', [values.length], values);

/** One operator; `constants` are inputs that the model holds, `dims` other shapes than those of the tensors. */
const model = (
  name: string,
  inputs: Given,
  attributes: Attributes = {},
  {
    opset = 28,
    outputs = 1,
    constants = [] as readonly number[],
    dims = {} as Readonly<Record<number, readonly Dim[]>>,
  } = {},
): Model => {
  const b = new Builder(operators);
  const values = inputs.map((x, i) => {
    if (!x) return null;
    return constants.includes(i)
      ? b.parameter(`x${i}`, dataOf(x))
      : b.input(`x${i}`, tensorType(x.dtype, dims[i] ?? x.dims));
  });
  const op = resolve('', name, opset) ?? { domain: '', name, since: 0 };
  const results = b.call(op, values, {
    attributes,
    outputs: Array.from({ length: outputs }, (_, i) => `y${i}`),
  });
  return {
    format: 'test',
    version: '',
    name,
    graph: b.finish(results as Value[]),
    rows: null,
    fields: [],
    templates: [],
    opsets: new Map([['', opset]]),
    profile: '',
    metadata: new Map(),
    extra: new Map(),
  };
};

const run = (m: Model, inputs: Given): readonly Tensor[] => {
  const { run: results, model: expanded } = evaluator(m);
  const named = new Set(m.graph.params.map((p) => p.name));
  const given = new Map(inputs.flatMap((x, i) => (x && named.has(`x${i}`) ? [[`x${i}`, x] as const] : [])));
  const values = results(given);
  return expanded.graph.results.map((r) => values.get(r.name) as Tensor);
};

const evaluate = (name: string, inputs: Given, attributes: Attributes = {}, opset = 28, outputs = 1) =>
  run(model(name, inputs, attributes, { opset, outputs }), inputs).map((y) =>
    Array.from(y.data as Float32Array),
  );

const typeOf = (m: Model): string => formatType(m.graph.results[0]?.type ?? { kind: 'unknown' });

describe('GridSample', () => {
  const x = f32([1, 1, 1, 4], [10, 20, 30, 40]);
  // The last coordinate is the first axis: (x, y).
  const at = (...xs: number[]) =>
    f32(
      [1, 1, xs.length, 2],
      xs.flatMap((v) => [v, 0]),
    );

  test('halfway between two elements nearest takes the even one', () => {
    // align_corners: x = (g + 1) / 2 * 3; g = 0 is 1.5 → 2, g = -2/3 is 0.5 → 0.
    const attributes = { mode: attr.string('nearest'), align_corners: attr.int(1) };
    expect(evaluate('GridSample', [x, at(0, -2 / 3)], attributes)).toEqual([[30, 10]]);
  });

  test('beyond the border: zeros, the border, or reflected', () => {
    // Not aligned: x = ((g + 1) * 4 - 1) / 2; g = -1.25 is -1, g = 1.5 is 4.5, g = -1 is -0.5.
    const sampled = (padding: string) =>
      evaluate('GridSample', [x, at(-1.25, 1.5, -1)], { padding_mode: attr.string(padding) });
    expect(sampled('zeros')).toEqual([[0, 0, 5]]);
    expect(sampled('border')).toEqual([[10, 40, 10]]);
    // -1 by -0.5 is 0; 4.5 by 3.5 is 2.5; -0.5 is the border itself: half of element 0, half of it reflected.
    expect(sampled('reflection')).toEqual([[10, 35, 10]]);
  });

  test('a plane of one element reflects into itself, and coordinates without end are read somewhere', () => {
    const one = f32([1, 1, 1, 1], [7]);
    const attributes = { padding_mode: attr.string('reflection'), align_corners: attr.int(1) };
    expect(evaluate('GridSample', [one, at(0, 9)], attributes)).toEqual([[7, 7]]);
    const nearest = { mode: attr.string('nearest'), padding_mode: attr.string('reflection') };
    expect(evaluate('GridSample', [x, at(Infinity, Number.NaN)], nearest)[0]?.every(Number.isFinite)).toBe(
      true,
    );
  });

  test('integers are cut, strings are copied', () => {
    const ints = t('int64', [1, 1, 1, 2], [0, 3]);
    const halfway = { align_corners: attr.int(1) };
    expect(run(model('GridSample', [ints, at(0)], halfway), [ints, at(0)])[0]?.data).toEqual(
      BigInt64Array.of(1n),
    );
    const words = t('string', [1, 1, 1, 2], ['a', 'b']);
    expect(evaluate('GridSample', [words, at(0.5, 5)], { mode: attr.string('nearest') })).toEqual([
      ['b', ''],
    ]);
    expect(() => model('GridSample', [words, at(0)])).toThrow(/the mode must be nearest/);
  });

  test('version 16 says bilinear, and an older opset has it so', () => {
    const attributes = { mode: attr.string('bilinear') };
    const inputs = [x, at(-0.25)];
    expect(evaluate('GridSample', inputs, attributes, 16)).toEqual([[20]]);
    const older = express(model('GridSample', inputs, {}), new Map([['', 16]]));
    expect(older.graph.nodes[0]?.attributes.get('mode')).toEqual(attr.string('bilinear'));
    expect(run(older, inputs).map((y) => [...(y.data as Float32Array)])).toEqual([[20]]);
  });
});

describe('AffineGrid', () => {
  const theta = f32([1, 2, 3], [1, 0, 0.5, 0, 2, 0]);
  const size = i64(1, 1, 2, 3);
  // x + 0.5 and 2y, where x is -2/3, 0, 2/3 and y -1/2, 1/2.
  const wanted = [-1, 1].flatMap((y) => [-2 / 3, 0, 2 / 3].flatMap((x) => [x + 0.5, y]));

  test('counts from edge to edge, and from centre to centre', () => {
    const close = (got: readonly number[] | undefined, to: readonly number[]) =>
      to.forEach((v, i) => {
        expect(got?.[i]).toBeCloseTo(v, 6);
      });
    close(evaluate('AffineGrid', [theta, size])[0], wanted);
    const centres = [-2, 2].flatMap((y) => [-1, 0, 1].flatMap((x) => [x + 0.5, y]));
    close(evaluate('AffineGrid', [theta, size], { align_corners: attr.int(1) })[0], centres);
  });

  test.each([0, 1])('before opset 20 in other operators, align_corners %i', (aligned) => {
    const attributes = { align_corners: attr.int(aligned) };
    for (const [matrix, extents] of [
      [theta, size],
      [
        f32(
          [2, 3, 4],
          Array.from({ length: 24 }, (_, i) => (i % 7) - 3),
        ),
        i64(2, 1, 1, 3, 2),
      ],
    ] as const) {
      const inputs = [matrix, extents];
      const direct = evaluate('AffineGrid', inputs, attributes)[0] as number[];
      const older = express(model('AffineGrid', inputs, attributes), new Map([['', 13]]));
      expect(older.graph.nodes.some((n) => n.op.name === 'AffineGrid')).toBe(false);
      const [said] = run(older, inputs);
      direct.forEach((v, i) => {
        expect(said?.data[i]).toBeCloseTo(v, 5);
      });
    }
  });

  test('the size is known where it is constant', () => {
    expect(typeOf(model('AffineGrid', [theta, size], {}, { constants: [1] }))).toBe('float32[1, 2, 3, 2]');
    expect(typeOf(model('AffineGrid', [theta, size]))).toBe('float32[1, ?, ?, 2]');
  });
});

describe('regions', () => {
  const x = f32(
    [1, 1, 4, 4],
    Array.from({ length: 16 }, (_, i) => i + 1),
  );

  test('RoiAlign 10 does not shift, and makes a region at least one element wide', () => {
    const inputs = [x, f32([1, 4], [1, 1, 1, 1]), i64(0)];
    // One sample at 1.5, 1.5: between 6, 7, 10, 11. Shifted (0.5, 0.5), of no extent: no sample at all.
    expect(evaluate('RoiAlign', inputs, {}, 10)).toEqual([[8.5]]);
    expect(evaluate('RoiAlign', inputs, {}, 16)).toEqual([[0]]);
  });

  test('MaxRoiPool (figures of onnxruntime 1.30)', () => {
    const pooled = (...roi: number[]) =>
      evaluate('MaxRoiPool', [x, f32([1, 5], [0, ...roi])], { pooled_shape: attr.ints([2, 2]) })[0];
    expect(pooled(0, 0, 3, 3)).toEqual([6, 8, 14, 16]);
    expect(pooled(-2, -2, 1, 1)).toEqual([0, 0, 0, 6]);
    expect(pooled(2.5, 2.5, 3.5, 3.5)).toEqual([16, 0, 0, 0]);
    expect(pooled(3, 3, 0, 0)).toEqual([16, 16, 16, 16]);
    expect(pooled(0, 0, 2, 1)).toEqual([2, 3, 6, 7]);
  });

  test('an image that is not there is refused', () => {
    expect(() => evaluate('RoiAlign', [x, f32([1, 4], [0, 0, 1, 1]), i64(1)])).toThrow(/names 1 of 1 images/);
    const roi = f32([1, 5], [Number.NaN, 0, 0, 1, 1]);
    expect(() => evaluate('MaxRoiPool', [x, roi], { pooled_shape: attr.ints([1, 1]) })).toThrow(
      /image NaN of 1/,
    );
    const vast = f32([1, 4], [0, 0, 1e30, 1e30]);
    expect(() => evaluate('RoiAlign', [x, vast, i64(0)])).toThrow(/too large/);
  });
});

describe('LpPool and GlobalLpPool', () => {
  const x = f32([1, 1, 4], [3, -4, 0, 1]);

  test('p may be a fraction in version 1, and has then no newer form', () => {
    const half = { kernel_shape: attr.ints([2]), p: attr.float(0.5) };
    // (√3 + √4)², (√4 + 0)², (0 + 1)².
    expect(evaluate('LpPool', [x], half, 1)[0]?.[0]).toBeCloseTo((Math.sqrt(3) + 2) ** 2, 5);
    expect(obstacles(model('LpPool', [x], half, { opset: 1 }), new Map([['', 2]]))[0]?.why).toMatch(
      /p is an integer/,
    );
    const two = model('LpPool', [x], { kernel_shape: attr.ints([2]) }, { opset: 1 });
    const newer = express(two, new Map([['', 22]]));
    expect(newer.graph.nodes[0]?.attributes.get('p')).toEqual(attr.int(2));
    const older = express(newer, new Map([['', 1]]));
    expect(older.graph.nodes[0]?.attributes.get('p')).toEqual(attr.float(2));
  });

  test('padding counts as 0; the window may be dilated', () => {
    const attributes = { kernel_shape: attr.ints([2]), pads: attr.ints([1, 0]), dilations: attr.ints([2]) };
    // Windows at -1 and 1, 0 and 2, 1 and 3.
    expect(evaluate('LpPool', [x], attributes)).toEqual([[4, 3, Math.fround(Math.sqrt(17))]]);
    expect(evaluate('GlobalLpPool', [x], { p: attr.int(1) })).toEqual([[8]]);
    expect(obstacles(model('LpPool', [x], attributes), new Map([['', 11]]))[0]?.rule).toBe(
      'express/not-at-opset',
    );
  });
});

describe('Col2Im and MaxUnpool', () => {
  test('blocks overlap and add up; padding is cut off', () => {
    // Blocks of 2 in an image of 3 with one element of padding before: positions -1, 0, 1.
    const x = f32([1, 2, 3], [1, 2, 3, 10, 20, 30]);
    const inputs = [x, i64(1, 3), i64(1, 2)];
    const attributes = { pads: attr.ints([0, 1, 0, 0]) };
    expect(evaluate('Col2Im', inputs, attributes)).toEqual([[2 + 10, 3 + 20, 30]]);
    expect(typeOf(model('Col2Im', inputs, attributes, { constants: [1, 2] }))).toBe('float32[1, 1, 1, 3]');
    expect(typeOf(model('Col2Im', inputs, attributes))).toBe('float32[1, ?, ?, ?]');
    expect(() => evaluate('Col2Im', inputs)).toThrow(/there are 3 columns for 2 blocks/);
  });

  test('a place outside is refused', () => {
    const attributes = { kernel_shape: attr.ints([2]), strides: attr.ints([2]) };
    const x = f32([1, 1, 2], [5, 6]);
    expect(evaluate('MaxUnpool', [x, t('int64', [1, 1, 2], [1, 2])], attributes)).toEqual([[0, 5, 6, 0]]);
    expect(() => evaluate('MaxUnpool', [x, t('int64', [1, 1, 2], [1, 4])], attributes)).toThrow(
      /place 4 is outside/,
    );
    expect(() => evaluate('MaxUnpool', [x, t('int64', [1, 1, 2], [1, -1])], attributes)).toThrow(/place -1/);
  });
});

test('DeformConv without offsets is Conv, and reads 0 outside', () => {
  const x = f32([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const w = f32([1, 1, 1, 1], [2]);
  const offset = f32([1, 2, 3, 3], [...new Array(9).fill(0), ...new Array(9).fill(0.5)]);
  // Half an element to the right: means of neighbours, and half of the last one.
  expect(evaluate('DeformConv', [x, w, offset])).toEqual([[3, 5, 3, 9, 11, 6, 15, 17, 9]]);
});

describe('integers', () => {
  const u8 = (dims: readonly number[], values: readonly number[]) => t('uint8', dims, values);

  test('a zero point a row of A, and one a column of B', () => {
    const inputs = [u8([2, 2], [1, 2, 3, 4]), u8([2, 2], [1, 0, 0, 1]), u8([2], [1, 3]), u8([2], [0, 1])];
    // [[0, 1], [0, 1]] · [[1, -1], [0, 0]].
    expect(evaluate('MatMulInteger', inputs)).toEqual([[0, 0, 0, 0]]);
    expect(evaluate('MatMulInteger', [...inputs.slice(0, 2), u8([2], [0, 3]), inputs[3] as Tensor])).toEqual([
      [1, -1, 0, 0],
    ]);
  });

  test('padding of ConvInteger is the zero point', () => {
    const inputs = [u8([1, 1, 1, 2], [5, 7]), u8([1, 1, 1, 2], [1, 1]), u8([], [5])];
    expect(evaluate('ConvInteger', inputs, { pads: attr.ints([0, 1, 0, 1]) })).toEqual([[0, 2, 2]]);
  });

  test('the quotient is rounded before the zero point is added', () => {
    // 1 · 1 · 0.5 = 0.5 → 0, and 3 · 0.5 = 1.5 → 2; plus 1, where 1.5 would have gone to 2, and 2.5 to 2.
    const one = f32([], [1]);
    const zero = u8([], [0]);
    const inputs = [u8([2, 1], [1, 3]), one, zero, u8([1, 1], [1]), one, zero, f32([], [2]), u8([], [1])];
    expect(evaluate('QLinearMatMul', inputs)).toEqual([[1, 3]]);
    const conv = [
      u8([1, 1, 1, 2], [1, 3]),
      one,
      zero,
      u8([1, 1, 1, 1], [1]),
      one,
      zero,
      f32([], [2]),
      u8([], [1]),
    ];
    expect(evaluate('QLinearConv', conv)).toEqual([[1, 3]]);
  });

  test('DynamicQuantizeLinear finds the range, and stretches it to hold 0', () => {
    const inputs = [f32([2], [-1, 254])];
    // From -1 to 254: scale 1, zero point 1.
    expect(evaluate('DynamicQuantizeLinear', inputs, {}, 28, 3)).toEqual([[0, 255], [1], [1]]);
    expect(evaluate('DynamicQuantizeLinear', [f32([2], [51, 255])], {}, 28, 3)).toEqual([
      [51, 255],
      [1],
      [0],
    ]);
    expect(typeOf(model('DynamicQuantizeLinear', inputs, {}, { outputs: 3 }))).toBe('uint8[2]');
    // Its function needs Round, which is as old as itself, and is said in Floor before.
    const before = obstacles(model('DynamicQuantizeLinear', inputs, {}, { outputs: 3 }), new Map([['', 10]]));
    expect(before.map((o) => o.operator)).toEqual([]);
  });
});
