/** Which versions belong together: ONNX, docs/Versioning. */

/** First opset of a release, the IR version it was released with, and its ai.onnx.ml. */
const releases: readonly (readonly [opset: number, ir: number, ml: number])[] = [
  [1, 3, 1],
  [9, 4, 1],
  [10, 5, 1],
  [11, 6, 2],
  [12, 7, 2],
  [15, 8, 2],
  [16, 8, 3],
  [19, 9, 3],
  [20, 9, 4],
  [21, 10, 5],
  [23, 11, 5],
  [25, 12, 5],
  [26, 13, 5],
  [27, 14, 5],
];

export const defaultOpset = 21;
/** What was read in ONNX goes down to 1; before 7 operators broadcast by an attribute, and other models are not said so. */
export const oldestWritten = 1;
export const oldestExpressed = 7;
export const newestWritten = 28;
/** The further domains of the standard. */
export const newestOf: ReadonlyMap<string, number> = new Map([
  ['ai.onnx.ml', 5],
  ['ai.onnx.preview.training', 1],
  ['ai.onnx.preview', 1],
]);

const release = (opset: number) =>
  releases.findLast(([first]) => first <= opset) ?? (releases[0] as (typeof releases)[number]);

/** The domains and versions a target at this opset has. */
export const opsetsAt = (opset: number): ReadonlyMap<string, number> =>
  new Map([
    ['', opset],
    ['ai.onnx.ml', release(opset)[2]],
    // These never had another version.
    ['ai.onnx.preview.training', 1],
    ['ai.onnx.preview', 1],
  ]);

/** The oldest IR version that holds this opset; 4 at least, since constants are not written as inputs. */
export const irAt = (opset: number): number => Math.max(4, release(opset)[1]);
