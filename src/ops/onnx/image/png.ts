/** PNG (ISO/IEC 15948): every colour type, bit depth and interlacing; alpha is left out, 16 bits become 8. */
import { inflateSync } from 'node:zlib';
import { blank, type Picture } from './picture.ts';

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export const isPng = (b: Uint8Array): boolean => signature.every((s, i) => b[i] === s);

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly channels: number;
  readonly interlaced: boolean;
}

const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Where the pixels of each pass of Adam7 stand: first column and row, and the steps between them. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export const decodePng = (bytes: Uint8Array): Picture => {
  const { header, palette, data } = chunksOf(bytes);
  const { width, height, depth, channels, colour } = header;
  const picture = blank(width, height);
  const passes = (header.interlaced ? adam7 : ([[0, 0, 1, 1]] as const)).map(([x, y, dx, dy]) => ({
    x,
    y,
    dx,
    dy,
    columns: Math.ceil((width - x) / dx),
    rows: Math.ceil((height - y) / dy),
  }));
  const lineBytes = (columns: number) => Math.ceil((columns * depth * channels) / 8);
  const size = passes.reduce(
    (n, p) => n + (p.columns > 0 && p.rows > 0 ? p.rows * (1 + lineBytes(p.columns)) : 0),
    0,
  );
  const raw = inflateSync(data, { maxOutputLength: size + 1 });
  if (raw.length < size) throw new RangeError('there are too few pixels');
  const step = Math.max((depth * channels) / 8, 1);
  let at = 0;
  for (const { x, y, dx, dy, columns, rows } of passes) {
    if (columns <= 0 || rows <= 0) continue;
    let above = new Uint8Array(lineBytes(columns));
    for (let row = 0; row < rows; row++) {
      const line = raw.subarray(at + 1, at + 1 + above.length);
      unfilter(raw[at] as number, line, above, step);
      for (let column = 0; column < columns; column++) {
        const to = 3 * ((y + row * dy) * width + x + column * dx);
        for (let c = 0; c < 3; c++) {
          picture.rgb[to + c] =
            colour === 3
              ? colourOf(palette, 3 * sampleAt(line, column, depth) + c)
              : eightBits(sampleAt(line, column * channels + (channels >= 3 ? c : 0), depth), depth);
        }
      }
      above = line;
      at += 1 + line.length;
    }
  }
  return picture;
};

const colourOf = (palette: Uint8Array, at: number): number => {
  const value = palette[at];
  if (value === undefined) throw new RangeError('a colour outside the palette');
  return value;
};

const sampleAt = (line: Uint8Array, i: number, depth: number): number => {
  if (depth === 16) return 256 * (line[2 * i] as number) + (line[2 * i + 1] as number);
  const bit = i * depth;
  return ((line[bit >> 3] as number) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
};

const eightBits = (sample: number, depth: number): number => Math.round((255 * sample) / (2 ** depth - 1));

/** The chunks that pixels are made of; each is held against its checksum. */
const chunksOf = (bytes: Uint8Array): { header: Header; palette: Uint8Array; data: Uint8Array } => {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let header: Header | undefined;
  let palette: Uint8Array = new Uint8Array();
  for (let at = 8; ; ) {
    const length = v.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) throw new RangeError('a chunk goes past the end');
    if (crc32(bytes.subarray(at + 4, end - 4)) !== v.getUint32(end - 4))
      throw new RangeError('a checksum is wrong');
    const body = bytes.subarray(at + 8, end - 4);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === 'IHDR') header = headerOf(body);
    else if (type === 'PLTE') palette = body;
    else if (type === 'IDAT') parts.push(body);
    else if (type === 'IEND') break;
    at = end;
  }
  if (!header) throw new RangeError('it has no header');
  return { header, palette, data: Buffer.concat(parts) };
};

const headerOf = (b: Uint8Array): Header => {
  const v = new DataView(b.buffer, b.byteOffset, b.byteLength);
  const [depth, colour, compression, filter, interlace] = b.subarray(8, 13) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (!depths[colour]?.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1)
    throw new RangeError(`colour type ${colour} of ${depth} bits`);
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour] as number;
  return {
    width: v.getUint32(0),
    height: v.getUint32(4),
    depth,
    colour,
    channels,
    interlaced: interlace === 1,
  };
};

/** Takes back what a line was filtered by: bytes before it, above it, or both. */
const unfilter = (filter: number, line: Uint8Array, above: Uint8Array, step: number): void => {
  const predict = predictors[filter];
  if (!predict) throw new RangeError(`filter ${filter}`);
  for (let i = 0; i < line.length; i++) {
    const left = i < step ? 0 : (line[i - step] as number);
    const up = above[i] as number;
    const corner = i < step ? 0 : (above[i - step] as number);
    line[i] = (line[i] as number) + predict(left, up, corner);
  }
};

type Predictor = (left: number, up: number, corner: number) => number;

const predictors: readonly Predictor[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, corner) => paeth(left, up, corner),
];

/** Whichever is nearest to left + up - corner. */
const paeth = (left: number, up: number, corner: number): number => {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
};

const crcs = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

const crc32 = (bytes: Uint8Array): number => {
  let c = -1;
  for (const b of bytes) c = (crcs[(c ^ b) & 255] as number) ^ (c >>> 8);
  return ~c >>> 0;
};
