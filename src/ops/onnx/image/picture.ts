/** What every decoder gives: 8-bit red, green and blue, row by row from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Larger pictures are refused before anything is allocated for them. */
const mostPixels = 2 ** 26;

/** An empty picture to fill. Throws where the extents are none, or too many: whoever decodes takes that for a broken file. */
export const blank = (width: number, height: number): Picture => {
  const sound = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!sound || width * height > mostPixels) throw new RangeError(`a picture of ${width} by ${height}`);
  return { width, height, rgb: new Uint8Array(3 * width * height) };
};

/** Samples of 1 to 4 channels (grey, grey and alpha, colour, colour and alpha) without alpha, and grey as colour. */
export const fromSamples = (
  width: number,
  height: number,
  channels: number,
  sample: (i: number) => number,
): Picture => {
  const picture = blank(width, height);
  const colours = channels >= 3 ? [0, 1, 2] : [0, 0, 0];
  for (let i = 0, to = 0; i < width * height; i++) {
    for (const c of colours) picture.rgb[to++] = sample(i * channels + c);
  }
  return picture;
};
