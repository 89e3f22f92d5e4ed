/** ImageDecoder: pictures of a few pixels written by hand after their formats; the standard's cases have the other formats. */
import { crc32 as crcOf, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { direct, t } from '../single.ts';

const decode = (bytes: ArrayLike<number>, format = 'RGB'): Tensor =>
  direct({ name: 'ImageDecoder', attributes: { pixel_format: attr.string(format) } }, [
    t('uint8', [bytes.length], bytes),
  ])[0] as Tensor;

const pixels = (bytes: ArrayLike<number>, format = 'Grayscale') => {
  const { dims, data } = decode(bytes, format);
  return [dims, Array.from(data as Uint8Array)];
};

const ascii = (text: string) => [...Buffer.from(text, 'latin1')];
const nothing = [[0, 0, 1], []];

describe('PNM', () => {
  test('text and bytes, bits, grey and colour', () => {
    expect(pixels(ascii('P1\n# a comment\n3 1\n01 0'))).toEqual([
      [1, 3, 1],
      [255, 0, 255],
    ]);
    expect(pixels(ascii('P2 2 1 15 0 15'))).toEqual([
      [1, 2, 1],
      [0, 255],
    ]);
    expect(pixels(ascii('P3 1 1 255 10 20 30'), 'BGR')).toEqual([
      [1, 1, 3],
      [30, 20, 10],
    ]);
    expect(pixels([...ascii('P4 9 1\n'), 0b0101_0101, 0b1000_0000])).toEqual([
      [1, 9, 1],
      [255, 0, 255, 0, 255, 0, 255, 0, 0],
    ]);
    expect(pixels([...ascii('P5 1 2 65535\n'), 255, 255, 0, 128])).toEqual([
      [2, 1, 1],
      [255, 0],
    ]);
    expect(pixels([...ascii('P6 1 1 255\n'), 255, 0, 0])).toEqual([[1, 1, 1], [76]]);
  });

  test('what is cut off, too large or no number is empty', () => {
    for (const text of ['P5 2 2 255\nab', 'P2 1 1 15 16', 'P6 99999 99999 255\n', 'P3 x', 'P5 1 1 0\na'])
      expect(pixels(ascii(text))).toEqual(nothing);
  });
});

/** A bitmap: info header, palette or masks, lines from the bottom. */
const bmp = (
  width: number,
  height: number,
  bits: number,
  compression: number,
  extra: readonly number[],
  data: readonly number[],
) => {
  const head = Buffer.alloc(54);
  head.write('BM');
  head.writeUInt32LE(54 + extra.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  return [...head, ...extra, ...data];
};

describe('BMP', () => {
  const palette = [0, 0, 0, 0, 255, 255, 255, 0, 1, 2, 3, 0];

  test('palettes, run lengths, 16 and 32 bits, from the top', () => {
    expect(pixels(bmp(3, 2, 1, 0, palette, [0b0100_0000, 0, 0, 0, 0b1010_0000, 0, 0, 0]))).toEqual([
      [2, 3, 1],
      [255, 0, 255, 0, 255, 0],
    ]);
    // Two of 1, one of 0; end of line; a literal run of three and its filling; end.
    const runs = [2, 1, 1, 0, 0, 0, 0, 3, 1, 0, 1, 0, 0, 1];
    expect(pixels(bmp(3, 2, 8, 1, palette, runs))).toEqual([
      [2, 3, 1],
      [255, 0, 255, 255, 255, 0],
    ]);
    expect(pixels(bmp(3, 1, 4, 2, palette, [3, 0x10, 0, 1]))).toEqual([
      [1, 3, 1],
      [255, 0, 255],
    ]);
    expect(pixels(bmp(1, -2, 24, 0, [], [3, 2, 1, 0, 6, 5, 4, 0]), 'RGB')).toEqual([
      [2, 1, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(pixels(bmp(1, 1, 16, 0, [], [0x1f, 0x7c, 0, 0]), 'RGB')).toEqual([
      [1, 1, 3],
      [255, 0, 255],
    ]);
    const masks = [0, 0xf8, 0, 0, 0xe0, 0x07, 0, 0, 0x1f, 0, 0, 0];
    expect(pixels(bmp(1, 1, 16, 3, masks, [0xe0, 0x07, 0, 0]), 'RGB')).toEqual([
      [1, 1, 3],
      [0, 255, 0],
    ]);
    expect(pixels(bmp(1, 1, 32, 0, [], [3, 2, 1, 9]), 'RGB')).toEqual([
      [1, 1, 3],
      [1, 2, 3],
    ]);
  });

  test('broken ones are empty', () => {
    expect(pixels(bmp(3, 2, 8, 1, palette, [2, 1]))).toEqual(nothing);
    expect(pixels(bmp(1, 1, 8, 0, palette, [7, 0, 0, 0]))).toEqual(nothing);
    expect(pixels(bmp(2 ** 30, 2 ** 30, 24, 0, [], []))).toEqual(nothing);
    expect(pixels(ascii('BM'))).toEqual(nothing);
  });
});

/** A PNG of these lines, each with its filter in front. */
const png = (
  [width, height, depth, colour, interlaced]: readonly number[],
  lines: readonly number[],
  palette?: readonly number[],
) => {
  const chunk = (type: string, body: readonly number[]) => {
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length);
    out.write(type, 4);
    out.set(body, 8);
    out.writeUInt32BE(crcOf(out.subarray(4, -4)), out.length - 4);
    return [...out];
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width as number);
  header.writeUInt32BE(height as number, 4);
  header.set([depth as number, colour as number, 0, 0, interlaced ?? 0], 8);
  return [
    0x89,
    ...ascii('PNG\r\n'),
    0x1a,
    10,
    ...chunk('IHDR', [...header]),
    ...(palette ? chunk('PLTE', palette) : []),
    ...chunk('IDAT', [...deflateSync(Uint8Array.from(lines))]),
    ...chunk('IEND', []),
  ];
};

describe('PNG', () => {
  test('every filter takes back what it says', () => {
    // 10 20 30 by none; then by sub, up, average and Paeth, each of the line above.
    const lines = [0, 10, 20, 30, 1, 10, 10, 10, 2, 1, 1, 1, 3, 6, 1, 1, 4, 1, 1, 1];
    expect(pixels(png([3, 5, 8, 0], lines))[1]).toEqual([
      10, 20, 30, 10, 20, 30, 11, 21, 31, 11, 17, 25, 12, 18, 26,
    ]);
  });

  test('depths, palettes, alpha, 16 bits, Adam7', () => {
    expect(pixels(png([3, 1, 2, 0], [0, 0b0001_1000]))).toEqual([
      [1, 3, 1],
      [0, 85, 170],
    ]);
    expect(pixels(png([2, 1, 4, 3], [0, 0x10], [1, 2, 3, 4, 5, 6]), 'RGB')).toEqual([
      [1, 2, 3],
      [4, 5, 6, 1, 2, 3],
    ]);
    expect(pixels(png([1, 1, 8, 6], [0, 1, 2, 3, 0]), 'RGB')).toEqual([
      [1, 1, 3],
      [1, 2, 3],
    ]);
    expect(pixels(png([1, 1, 16, 4], [0, 0x80, 0x80, 0, 0]))).toEqual([[1, 1, 1], [128]]);
    // 3 by 3: pass 1 has (0, 0), 4 (2, 0), 5 (0, 2) and (2, 2), 6 (1, 0) and (1, 2), 7 the middle line.
    const passes = [0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6];
    expect(pixels(png([3, 3, 8, 0, 1], passes))).toEqual([
      [3, 3, 1],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    ]);
  });

  test('a wrong checksum, too few or too many pixels, a colour outside the palette are empty', () => {
    const sound = png([1, 1, 8, 0], [0, 7]);
    expect(pixels(sound)).toEqual([[1, 1, 1], [7]]);
    expect(pixels([...sound.slice(0, 20), 1, ...sound.slice(21)])).toEqual(nothing);
    expect(pixels(sound.slice(0, -14))).toEqual(nothing);
    expect(pixels(png([2, 1, 8, 0], [0, 7]))).toEqual(nothing);
    expect(pixels(png([1, 1, 8, 0], new Array<number>(1_000_000).fill(0)))).toEqual(nothing);
    expect(pixels(png([1, 1, 8, 3], [0, 1], [1, 2, 3]))).toEqual(nothing);
    expect(pixels(png([1, 1, 3, 0], [0, 1]))).toEqual(nothing);
  });
});

test('what is no picture, or a broken one of any format, is empty', () => {
  expect(pixels([])).toEqual(nothing);
  expect(pixels(ascii('GIF89a'))).toEqual(nothing);
  const starts = [
    [0xff, 0xd8, 0xff, 0xe0],
    [0xff, 0x4f, 0xff, 0x51],
    ascii('II*\0'),
    ascii('RIFF\x10\0\0\0WEBPVP8 '),
  ];
  for (const start of starts)
    expect(pixels([...start, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])).toEqual(nothing);
});

test('there is no other pixel format', () => {
  expect(() => decode(ascii('P1 1 1 0'), 'CMYK')).toThrow("no pixel_format 'CMYK'");
});
