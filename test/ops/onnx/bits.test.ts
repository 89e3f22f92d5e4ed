/** BitShift, BitCast, the bitwise operators and what comes together along an axis, worked by hand. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { direct, modelOfOne, type Single, t } from '../single.ts';

type Attributes = NonNullable<Single['attributes']>;

const of = (name: string, inputs: readonly Tensor[], attributes: Attributes = {}, opset = 28): unknown[] =>
  Array.from(direct({ name, attributes, opset }, inputs)[0]?.data as ArrayLike<unknown>);

describe('BitShift', () => {
  const left: Attributes = { direction: attr.string('LEFT') };
  const right: Attributes = { direction: attr.string('RIGHT') };

  test('loses what leaves the width, at either version', () => {
    const x = t('uint8', [3], [0b1000_0001, 3, 255]);
    for (const opset of [11, 28]) {
      expect(of('BitShift', [x, t('uint8', [1], [1])], left, opset)).toEqual([2, 6, 254]);
      expect(of('BitShift', [x, t('uint8', [1], [1])], right, opset)).toEqual([64, 1, 127]);
    }
    expect(of('BitShift', [t('uint64', [1], [2n ** 63n + 1n]), t('uint64', [1], [1])], left)).toEqual([2n]);
    expect(of('BitShift', [t('uint32', [1], [2 ** 31 + 1]), t('uint32', [1], [31])], left)).toEqual([
      2 ** 31,
    ]);
    expect(of('BitShift', [t('int64', [1], [1]), t('int64', [1], [63])], left)).toEqual([-(2n ** 63n)]);
  });

  test('by too much, or by less than nothing, leaves the sign alone', () => {
    const by = [32, 33, -1];
    const x = t('int32', [3], [-5, 5, -5]);
    expect(of('BitShift', [x, t('int32', [3], by)], right)).toEqual([-1, 0, -1]);
    expect(of('BitShift', [x, t('int32', [3], by)], left)).toEqual([0, 0, 0]);
    const big = t('int64', [2], [-5, 5]);
    expect(of('BitShift', [big, t('int64', [1], [64])], right)).toEqual([-1n, 0n]);
    expect(of('BitShift', [big, t('int64', [1], [-1])], left)).toEqual([0n, 0n]);
    // -5 is …11111011: by one …11111101.
    expect(of('BitShift', [big, t('int64', [1], [1])], right)).toEqual([-3n, 2n]);
  });

  test('needs a direction that there is', () => {
    const x = t('uint8', [1], [1]);
    expect(() => of('BitShift', [x, x], { direction: attr.string('UP') })).toThrow("direction is 'UP'");
  });
});

describe('bitwise operators', () => {
  test('of the extremes of every width', () => {
    const [x, y] = [t('uint32', [2], [0xffff_0000, 5]), t('uint32', [2], [0xf0f0_f0f0, 3])];
    expect(of('BitwiseAnd', [x, y])).toEqual([0xf0f0_0000, 1]);
    expect(of('BitwiseOr', [x, y])).toEqual([0xffff_f0f0, 7]);
    expect(of('BitwiseXor', [x, y])).toEqual([0x0f0f_f0f0, 6]);
    expect(of('BitwiseNot', [x])).toEqual([0xffff, 0xffff_fffa]);
    expect(of('BitwiseNot', [t('uint64', [1], [1])])).toEqual([2n ** 64n - 2n]);
    expect(of('BitwiseNot', [t('int8', [2], [-128, 0])])).toEqual([127, -1]);
    expect(of('BitwiseXor', [t('int64', [1], [-1]), t('int64', [1], [1])])).toEqual([-2n]);
  });
});

describe('BitCast', () => {
  const cast = (x: Tensor, to: number) => of('BitCast', [x], { to: attr.int(to) });

  test('reads bits of each width as they stand (IEEE 754 by hand)', () => {
    expect(cast(t('float32', [3], [1, -0, -2.5]), 6)).toEqual([0x3f80_0000, -0x8000_0000, 0xc020_0000 | 0]);
    expect(cast(t('int64', [1], [0x3ff8_0000_0000_0000n]), 11)).toEqual([1.5]);
    expect(cast(t('uint16', [3], [0x3c00, 0x8001, 0x7c00]), 10)).toEqual([1, -(2 ** -24), Infinity]);
    expect(cast(t('float16', [2], [-2, 65504]), 4)).toEqual([0xc000, 0x7bff]);
    expect(cast(t('uint16', [2], [0x3f80, 0xff80]), 16)).toEqual([1, -Infinity]);
    expect(cast(t('float8e4m3fn', [2], [448, -1]), 2)).toEqual([0x7e, 0xb8]);
    expect(cast(t('uint4', [3], [0, 8, 15]), 22)).toEqual([0, -8, -1]);
    expect(cast(t('int4', [2], [-1, 1]), 23)).toEqual([-6, 0.5]);
    expect(cast(t('uint8', [3], [0, 1, 200]), 9)).toEqual([0, 1, 1]);
    // Real part first: 2.0 is 0x40000000, 1.0 0x3f800000.
    expect(cast(t('complex64', [1], [2, 1]), 7)).toEqual([0x3f80_0000_4000_0000n]);
  });

  test('keeps the payload of a NaN of 32 bits', () => {
    const nan = direct({ name: 'BitCast', attributes: { to: attr.int(1) }, opset: 26 }, [
      t('int32', [1], [0x7fc0_1234]),
    ]);
    expect(cast(nan[0] as Tensor, 6)).toEqual([0x7fc0_1234]);
  });

  test('refuses another width, strings, and what is no type', () => {
    const x = t('float32', [1], [1]);
    expect(() => cast(x, 11)).toThrow('float32 has 32 bits and float64 64');
    expect(() => cast(x, 8)).toThrow('no type 8');
    expect(() => cast(x, 99)).toThrow('no type 99');
    expect(() => cast(t('string', [1], ['a']), 2)).toThrow('takes');
  });
});

describe('CumSum and CumProd', () => {
  const axis = t('int64', [], [0]);

  test('wrap, round at every step, and turn round', () => {
    expect(of('CumProd', [t('int32', [3], [65537, 65537, 1]), axis])).toEqual([65537, 131073, 131073]);
    expect(of('CumProd', [t('uint32', [2], [2 ** 31, 2]), axis])).toEqual([2 ** 31, 0]);
    expect(of('CumProd', [t('int64', [2], [2n ** 62n, 2]), axis])).toEqual([2n ** 62n, -(2n ** 63n)]);
    expect(of('CumSum', [t('uint64', [2], [2n ** 64n - 1n, 2]), axis])).toEqual([2n ** 64n - 1n, 1n]);
    // (1 + 2^-12)² rounds to 1 + 2^-11 in single precision; times 2^0 it stays there.
    const near = 1 + 2 ** -12;
    expect(of('CumProd', [t('float32', [3], [near, near, 1]), axis])).toEqual([
      near,
      1 + 2 ** -11,
      1 + 2 ** -11,
    ]);
    const both = { exclusive: attr.int(1), reverse: attr.int(1) };
    expect(of('CumProd', [t('int32', [3], [2, 3, 5]), axis], both)).toEqual([15, 5, 1]);
    expect(of('CumSum', [t('int32', [3], [2, 3, 5]), axis], both)).toEqual([8, 5, 0]);
  });

  test('refuse an axis that is not there', () => {
    expect(() => of('CumProd', [t('int32', [2], [1, 2]), t('int64', [], [1])])).toThrow('axis 1 is outside');
  });
});

describe('Det and Shrink', () => {
  test('determinants by hand', () => {
    // Pivots are needed: the first is 0. 0·4 - 2·3.
    expect(of('Det', [t('float64', [2, 2], [0, 2, 3, 4])])).toEqual([-6]);
    expect(of('Det', [t('float32', [2, 2, 2], [1, 2, 2, 4, 1, 0, 0, 1])], {}, 11)).toEqual([0, 1]);
    // 2(15 - 0) - 0 + 1(0 - 3·3) = 21.
    expect(of('Det', [t('float64', [3, 3], [2, 0, 1, 7, 3, 0, 3, 0, 5])])).toEqual([expect.closeTo(21, 12)]);
    expect(of('Det', [t('float64', [2, 0, 0], [])])).toEqual([1, 1]);
    expect(() => of('Det', [t('float64', [2, 3], [1, 2, 3, 4, 5, 6])])).toThrow('not square');
  });

  test('Shrink brings its attributes into the dtype', () => {
    const how = { lambd: attr.float(1.5), bias: attr.float(1.5) };
    // As integers both are 1.
    for (const dtype of ['int32', 'int64'] as const) {
      const x = t(dtype, [5], [-3, -1, 0, 1, 3]);
      expect(of('Shrink', [x], how).map(Number)).toEqual([-2, 0, 0, 0, 2]);
    }
    expect(of('Shrink', [t('uint8', [3], [0, 1, 3])], how)).toEqual([0, 0, 2]);
    expect(of('Shrink', [t('float64', [4], [-1.5, 1.5, 2, Number.NaN])], how)).toEqual([0, 0, 0.5, 0]);
  });
});

test('shapes that cannot be are refused where the node is made', () => {
  expect(() => modelOfOne({ name: 'Det' }, [t('float32', [3], [1, 2, 3])])).toThrow('square matrices');
});
