/** Windows bitmaps: BITMAPCOREHEADER to BITMAPV5HEADER, 1 to 32 bits a pixel, plain, bit fields or run lengths. */
import { blank, type Picture } from './picture.ts';

export const isBmp = (b: Uint8Array): boolean => b[0] === 0x42 && b[1] === 0x4d;

const [plain, runs8, runs4, fields, alphaFields] = [0, 1, 2, 3, 6];

export const decodeBmp = (bytes: Uint8Array): Picture => {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = v.getUint32(14, true);
  const core = header === 12;
  const width = core ? v.getUint16(18, true) : v.getInt32(18, true);
  const signed = core ? v.getUint16(20, true) : v.getInt32(22, true);
  const bits = core ? v.getUint16(24, true) : v.getUint16(28, true);
  const compression = core ? plain : v.getUint32(30, true);
  const height = Math.abs(signed);
  const picture = blank(width, height);
  const from = v.getUint32(10, true);
  const put = (x: number, line: number, r: number, g: number, b: number): void => {
    // Lines go upwards unless the height is negative.
    picture.rgb.set([r, g, b], 3 * ((signed < 0 ? line : height - 1 - line) * width + x));
  };
  if (bits <= 8) {
    const size = core ? 3 : 4;
    const palette = 14 + header;
    const indexed = (x: number, line: number, index: number): void => {
      const at = palette + size * index;
      if (at + size > from) throw new RangeError('a colour outside the palette');
      put(x, line, v.getUint8(at + 2), v.getUint8(at + 1), v.getUint8(at));
    };
    if (compression === runs8 || compression === runs4)
      unpack(bytes, from, picture, compression === runs4, indexed);
    else if (compression === plain) {
      const stride = 4 * Math.ceil((width * bits) / 32);
      for (let line = 0; line < height; line++) {
        for (let x = 0; x < width; x++) {
          const bit = x * bits;
          const byte = v.getUint8(from + line * stride + (bit >> 3));
          indexed(x, line, (byte >> (8 - bits - (bit & 7))) & (2 ** bits - 1));
        }
      }
    } else throw new RangeError(`compression ${compression}`);
    return picture;
  }
  if (![plain, fields, alphaFields].includes(compression) || ![16, 24, 32].includes(bits))
    throw new RangeError(`${bits} bits, compression ${compression}`);
  // Masks of red, green and blue stand at the end of the shortest header that has them, or behind it.
  const masks =
    compression === plain
      ? bits === 16
        ? [0x7c00, 0x3e0, 0x1f]
        : [0xff0000, 0xff00, 0xff]
      : [54, 58, 62].map((at) => v.getUint32(at, true));
  const stride = 4 * Math.ceil((width * bits) / 32);
  const scale = masks.map((m) => {
    const low = m & -m;
    const most = low === 0 ? 1 : (m >>> 0) / (low >>> 0);
    return (pixel: number) =>
      low === 0 ? 0 : Math.round((255 * (((pixel & m) >>> 0) / (low >>> 0))) / most);
  }) as [Scale, Scale, Scale];
  for (let line = 0; line < height; line++) {
    for (let x = 0; x < width; x++) {
      const at = from + line * stride + (x * bits) / 8;
      const pixel =
        bits === 16
          ? v.getUint16(at, true)
          : bits === 32
            ? v.getUint32(at, true)
            : v.getUint16(at, true) | (v.getUint8(at + 2) << 16);
      put(x, line, scale[0](pixel), scale[1](pixel), scale[2](pixel));
    }
  }
  return picture;
};

type Scale = (pixel: number) => number;

/** Run lengths: a count and an index (two of 4 bits in turn), or 0 and an escape. */
const unpack = (
  bytes: Uint8Array,
  from: number,
  { width, height }: Picture,
  narrow: boolean,
  put: (x: number, line: number, index: number) => void,
): void => {
  let [x, line, at] = [0, 0, from];
  const write = (index: number): void => {
    if (x < width && line < height) put(x, line, index);
    x++;
  };
  const pick = (byte: number, i: number) => (narrow ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte);
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('the runs end too soon');
    return byte;
  };
  for (;;) {
    const [count, value] = [next(), next()];
    if (count > 0) for (let i = 0; i < count; i++) write(pick(value, i));
    else if (value === 0) [x, line] = [0, line + 1];
    else if (value === 1) return;
    else if (value === 2) [x, line] = [x + next(), line + next()];
    else {
      const start = at;
      for (let i = 0; i < value; i++) write(pick(bytes[start + (narrow ? i >> 1 : i)] ?? 0, i));
      // Literal runs end on an even byte.
      at = start + 2 * Math.ceil((narrow ? Math.ceil(value / 2) : value) / 2);
    }
  }
};
