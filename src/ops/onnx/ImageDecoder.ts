import { stringOf } from '../../ir/attributes.ts';
import { type Place, PortolanError } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { decodeBmp, isBmp } from './image/bmp.ts';
import {
  decodeJpeg,
  decodeJpeg2000,
  decodeTiff,
  decodeWebp,
  isJpeg,
  isJpeg2000,
  isTiff,
  isWebp,
} from './image/codecs.ts';
import type { Picture } from './image/picture.ts';
import { decodePng, isPng } from './image/png.ts';
import { decodePnm, isPnm } from './image/pnm.ts';

/**
 * The pixels of a picture file, `[height, width, channels]`; what cannot be decoded is `[0, 0, channels]`. ONNX Operators,
 * ImageDecoder. Alpha is left out; grey is 0.299 R + 0.587 G + 0.114 B (ITU-R 601-2), rounded.
 */
export const ImageDecoder: Operator = {
  domain: '',
  name: 'ImageDecoder',
  since: [20],
  infer: (node) => {
    const { dims } = tensorInput(node, 0, ['uint8']);
    if (dims !== null && dims.length !== 1) refused(node, 'an encoded picture is a vector of bytes');
    return [tensorType('uint8', [null, null, formatOf(node).length])];
  },
  evaluate: ([x], node) => {
    const format = formatOf(node);
    const picture = decode((x as Tensor).data as Uint8Array, node.from[0]);
    if (!picture) return [tensor('uint8', [0, 0, format.length], new Uint8Array())];
    const { width, height, rgb } = picture;
    const out = new Uint8Array(width * height * format.length);
    for (let i = 0, to = 0; i < rgb.length; i += 3) {
      for (const channel of format) out[to++] = channel(rgb, i);
    }
    return [tensor('uint8', [height, width, format.length], out)];
  },
};

type Channel = (rgb: Uint8Array, at: number) => number;

const [red, green, blue] = [0, 1, 2].map(
  (c): Channel =>
    (rgb, at) =>
      rgb[at + c] as number,
) as [Channel, Channel, Channel];

/** In fixed point of 16 bits, the weights adding up to 1: grey stays what it is. */
const grey: Channel = (rgb, at) =>
  (19595 * red(rgb, at) + 38470 * green(rgb, at) + 7471 * blue(rgb, at) + 0x8000) >> 16;

const formatOf = (node: Node): readonly Channel[] => {
  const format = stringOf(node, 'pixel_format', 'RGB');
  switch (format) {
    case 'RGB':
      return [red, green, blue];
    case 'BGR':
      return [blue, green, red];
    case 'Grayscale':
      return [grey];
    default:
      return refused(node, `there is no pixel_format '${format}'`);
  }
};

const decoders: readonly (readonly [
  is: (bytes: Uint8Array) => boolean,
  decode: (bytes: Uint8Array, at: Place | undefined) => Picture,
])[] = [
  [isBmp, decodeBmp],
  [isJpeg, decodeJpeg],
  [isJpeg2000, decodeJpeg2000],
  [isPng, decodePng],
  [isPnm, decodePnm],
  [isTiff, decodeTiff],
  [isWebp, decodeWebp],
];

/** Whatever goes wrong inside a broken file says so by an exception; only a missing decoder is an error of the user's. */
const decode = (bytes: Uint8Array, at: Place | undefined): Picture | undefined => {
  const decoder = decoders.find(([is]) => is(bytes))?.[1];
  try {
    return decoder?.(bytes, at);
  } catch (e) {
    if (e instanceof PortolanError) throw e;
    return undefined;
  }
};
