/**
 * JPEG, JPEG 2000, WebP and TIFF by libraries that are there only where somebody needs them: optional peers, loaded when
 * a picture of theirs is met. Three are WebAssembly; a module compiled here and now is ready when its factory returns.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fail, type Place } from '../../../ir/diagnostic.ts';
import { blank, fromSamples, type Picture } from './picture.ts';

const require = createRequire(import.meta.url);

/** What the package has, or a located refusal that says how to get it. */
const peer = <T>(name: string, at: Place | undefined, find: () => string, load: (path: string) => T): T => {
  let path: string;
  try {
    path = find();
  } catch {
    return fail(
      'ops/no-decoder',
      `pictures of this kind need the package ${name}`,
      at,
      `npm install ${name}`,
    );
  }
  return load(path);
};

/** What is used here of it: the types of Node.js leave it out. */
const { Module, Instance } = (
  globalThis as unknown as {
    WebAssembly: {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object, imports: object) => { readonly exports: object };
    };
  }
).WebAssembly;

/** The module of an Emscripten factory, made at once: its promise only tells what is done by then. */
const instantiate = <M extends object>(factory: (module: object) => unknown, wasm: string): M => {
  const silent = () => {};
  const module = {
    print: silent,
    printErr: silent,
    instantiateWasm(imports: object, done: (instance: object, module: object) => void): object {
      const compiled = new Module(readFileSync(wasm));
      const instance = new Instance(compiled, imports);
      done(instance, compiled);
      return instance.exports;
    },
  };
  void factory(module);
  return module as unknown as M;
};

/** Once a process. */
const once = <T>(make: (at: Place | undefined) => T): ((at: Place | undefined) => T) => {
  let made: T | undefined;
  return (at) => {
    made ??= make(at);
    return made;
  };
};

/** A decoder of the Cornerstone codecs, held in memory of its own until it is deleted. */
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): {
    width: number;
    height: number;
    bitsPerSample: number;
    isSigned: boolean;
    componentCount: number;
  };
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}

const jpeg = once((at) => {
  const name = '@cornerstonejs/codec-libjpeg-turbo-8bit';
  const wasm = peer(
    name,
    at,
    () => require.resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm'),
    (path) => path,
  );
  return peer(
    name,
    at,
    () => require.resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'),
    (path) => instantiate<{ JPEGDecoder: new () => Decoder }>(require(path), wasm),
  );
});

const jpeg2000 = once((at) => {
  const name = '@cornerstonejs/codec-openjpeg';
  const wasm = peer(
    name,
    at,
    () => require.resolve('@cornerstonejs/codec-openjpeg/decodewasm'),
    (path) => path,
  );
  return peer(
    name,
    at,
    () => require.resolve('@cornerstonejs/codec-openjpeg/decodewasmjs'),
    (path) => instantiate<{ J2KDecoder: new () => Decoder }>(require(path), wasm),
  );
});

const run = (decoder: Decoder, bytes: Uint8Array): Picture => {
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width, height, bitsPerSample, isSigned, componentCount } = decoder.getFrameInfo();
    const data = decoder.getDecodedBuffer();
    const wide = bitsPerSample > 8;
    if (data.length < width * height * componentCount * (wide ? 2 : 1))
      throw new RangeError('there are too few pixels');
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const middle = isSigned ? 2 ** (bitsPerSample - 1) : 0;
    const sample = (i: number) =>
      middle +
      (wide
        ? isSigned
          ? view.getInt16(2 * i, true)
          : view.getUint16(2 * i, true)
        : isSigned
          ? view.getInt8(i)
          : (data[i] as number));
    const most = 2 ** bitsPerSample - 1;
    return fromSamples(width, height, componentCount, (i) => Math.round((255 * sample(i)) / most));
  } finally {
    decoder.delete();
  }
};

export const isJpeg = (b: Uint8Array): boolean => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff;

/** By libjpeg-turbo, whose upsampling of chroma the standard describes. */
export const decodeJpeg = (bytes: Uint8Array, at: Place | undefined): Picture => {
  const { JPEGDecoder } = jpeg(at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The header of the frame says how much memory decoding takes: one of SOF0 to SOF15, but for DHT, JPG and DAC.
  for (let place = 2; ; place += 2 + view.getUint16(place + 2)) {
    const marker = view.getUint16(place);
    if (marker < 0xffc0 || marker > 0xffcf || [0xffc4, 0xffc8, 0xffcc].includes(marker)) continue;
    blank(view.getUint16(place + 7), view.getUint16(place + 5));
    return run(new JPEGDecoder(), bytes);
  }
};

/** The boxed form, or a bare code stream. */
export const isJpeg2000 = (b: Uint8Array): boolean =>
  [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20].every((s, i) => b[i] === s) ||
  [0xff, 0x4f, 0xff, 0x51].every((s, i) => b[i] === s);

/** By OpenJPEG. */
export const decodeJpeg2000 = (bytes: Uint8Array, at: Place | undefined): Picture => {
  const { J2KDecoder } = jpeg2000(at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // SOC and SIZ begin the code stream, and say how much memory decoding takes.
  let start = 0;
  while (view.getUint32(start) !== 0xff4fff51) start++;
  const extent = (end: number) => view.getUint32(start + end) - view.getUint32(start + end + 8);
  blank(extent(8), extent(12));
  return run(new J2KDecoder(), bytes);
};

interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** What the module makes its result with; browsers have it. */
class ImageData {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8Array, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

const webp = once((at) => {
  const wasm = peer(
    'webp-wasm',
    at,
    () => require.resolve('webp-wasm/webp_node_dec.wasm'),
    (path) => path,
  );
  return peer(
    'webp-wasm',
    at,
    () => require.resolve('webp-wasm/webp_node_dec.js'),
    (path) => instantiate<{ decode(bytes: Uint8Array): Rgba | null }>(require(path), wasm),
  );
});

export const isWebp = (b: Uint8Array): boolean =>
  [0x52, 0x49, 0x46, 0x46].every((s, i) => b[i] === s) &&
  [0x57, 0x45, 0x42, 0x50].every((s, i) => b[8 + i] === s);

/** By libwebp. It looks for ImageData among the globals, which are left as they were. */
export const decodeWebp = (bytes: Uint8Array, at: Place | undefined): Picture => {
  const { decode } = webp(at);
  const before = Object.getOwnPropertyDescriptor(globalThis, 'ImageData');
  Object.defineProperty(globalThis, 'ImageData', { value: ImageData, configurable: true });
  try {
    const out = decode(bytes);
    if (!out) throw new RangeError('it is no WebP');
    return fromSamples(out.width, out.height, 4, (i) => out.data[i] as number);
  } finally {
    if (before) Object.defineProperty(globalThis, 'ImageData', before);
    else Reflect.deleteProperty(globalThis, 'ImageData');
  }
};

/** One picture of a TIFF file: its tags (256 is the width, 257 the height), and its pixels once they are decoded. */
interface Directory {
  readonly t256?: readonly number[];
  readonly t257?: readonly number[];
  readonly width: number;
  readonly height: number;
}

interface Utif {
  decode(file: ArrayBuffer): readonly Directory[];
  decodeImage(file: ArrayBuffer, directory: Directory): void;
  toRGBA8(directory: Directory): Uint8Array;
}

const tiff = once((at) =>
  peer(
    'utif2',
    at,
    () => require.resolve('utif2'),
    (path) => require(path) as Utif,
  ),
);

export const isTiff = (b: Uint8Array): boolean =>
  [0x49, 0x49, 0x2a, 0].every((s, i) => b[i] === s) || [0x4d, 0x4d, 0, 0x2a].every((s, i) => b[i] === s);

/** The first picture of the file, by utif2. */
export const decodeTiff = (bytes: Uint8Array, at: Place | undefined): Picture => {
  const utif = tiff(at);
  const file = Uint8Array.from(bytes).buffer;
  const [first] = utif.decode(file);
  if (!first) throw new RangeError('it has no picture');
  blank(first.t256?.[0] ?? 0, first.t257?.[0] ?? 0);
  utif.decodeImage(file, first);
  const rgba = utif.toRGBA8(first);
  return fromSamples(first.width, first.height, 4, (i) => rgba[i] as number);
};
