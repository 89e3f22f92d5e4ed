/** Netpbm: PBM, PGM and PPM, as text (P1 to P3) and as bytes (P4 to P6). */
import { blank, fromSamples, type Picture } from './picture.ts';

export const isPnm = (b: Uint8Array): boolean =>
  b[0] === 0x50 && (b[1] as number) >= 0x31 && (b[1] as number) <= 0x36;

export const decodePnm = (bytes: Uint8Array): Picture => {
  const kind = (bytes[1] as number) - 0x30;
  let at = 2;
  const space = (c: number | undefined) => c !== undefined && (c === 32 || (c >= 9 && c <= 13));
  const skip = (): void => {
    for (;;) {
      while (space(bytes[at])) at++;
      if (bytes[at] !== 0x23) return;
      while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
    }
  };
  /** A whole number; of bits in text each digit is one. */
  const number = (digits = 9): number => {
    skip();
    const from = at;
    let value = 0;
    while (at - from < digits && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39)
      value = 10 * value + (bytes[at++] as number) - 0x30;
    if (at === from) throw new RangeError('a number is missing');
    return value;
  };
  const [width, height] = [number(), number()];
  const bits = kind === 1 || kind === 4;
  const most = bits ? 1 : number();
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  blank(width, height);
  if (most < 1 || most > 65535) throw new RangeError(`a largest value of ${most}`);
  const scaled = (value: number): number => {
    if (value > most) throw new RangeError(`${value} of ${most}`);
    return most === 255 ? value : Math.round((255 * value) / most);
  };
  if (kind <= 3) {
    const samples = Uint8Array.from({ length: width * height * channels }, () =>
      bits ? 255 * (1 - scaled(number(1)) / 255) : scaled(number()),
    );
    return fromSamples(width, height, channels, (i) => samples[i] as number);
  }
  at++;
  const size = bits ? Math.ceil(width / 8) * height : width * height * channels * (most > 255 ? 2 : 1);
  if (at + size > bytes.length) throw new RangeError('it ends too soon');
  if (bits) {
    const stride = Math.ceil(width / 8);
    return fromSamples(width, height, 1, (i) => {
      const x = i % width;
      const byte = bytes[at + Math.floor(i / width) * stride + (x >> 3)] as number;
      // 1 is black.
      return (byte >> (7 - (x & 7))) & 1 ? 0 : 255;
    });
  }
  const sample = (i: number) =>
    most > 255
      ? 256 * (bytes[at + 2 * i] as number) + (bytes[at + 2 * i + 1] as number)
      : (bytes[at + i] as number);
  return fromSamples(width, height, channels, (i) => scaled(sample(i)));
};
