/** Values between the elements of a plane of any number of axes: what GridSample, RoiAlign and DeformConv share. */

/** What is read along one axis: elements and their weights; an element at -1 lies outside, and is 0. */
export type Taps = readonly (readonly [at: number, weight: number])[];

/** The two elements around `x`, each weighed by how near it is; what is outside counts as 0. */
export const linearTaps = (x: number, length: number): Taps => {
  const low = Math.floor(x);
  const inside = (at: number): number => (at >= 0 && at < length ? at : -1);
  return [
    [inside(low), 1 - (x - low)],
    [inside(low + 1), x - low],
  ];
};

/** The sum over all combinations of taps, axis by axis. `steps` are the strides of the plane. */
export const blend = (
  element: (offset: number) => number,
  taps: readonly Taps[],
  steps: readonly number[],
  axis = 0,
  offset = 0,
): number => {
  if (axis === taps.length) return element(offset);
  let sum = 0;
  for (const [at, weight] of taps[axis] as Taps) {
    // What is outside is 0, whatever its weight.
    if (at === -1) continue;
    sum += weight * blend(element, taps, steps, axis + 1, offset + at * (steps[axis] as number));
  }
  return sum;
};
