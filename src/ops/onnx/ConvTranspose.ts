import { intOf, intsOf, stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { rowsAreSamples } from './axes.ts';
import { floats } from './constraints.ts';
import { grid, windowOf } from './window.ts';

/**
 * X `[N, C, D…]` spread by W `[C, M / group, k…]` and B `[M]`: `[N, M, …]`, the transpose of Conv. ONNX Operators,
 * ConvTranspose. Each element is summed over channels, then taps, in single precision (double for float64); the bias
 * comes last.
 */
export const ConvTranspose: Operator = {
  domain: '',
  name: 'ConvTranspose',
  since: [1, 11, 22],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    const weights = tensorInput(node, 1, [dtype]).dims;
    if (dims === null) return [tensorType(dtype, null)];
    if (dims.length < 3) refused(node, `input 0 has rank ${dims.length}; it takes [N, C, D1, …]`);
    const spatial = dims.slice(2);
    const kernel = weights?.slice(2);
    const perGroup = weights?.[1];
    const group = intOf(node, 'group', 1);
    if (typeof dims[1] === 'number' && dims[1] % group !== 0) {
      refused(node, `input 0 has ${dims[1]} channels, which are not of ${group} groups`);
    }
    const m = typeof perGroup === 'number' ? perGroup * group : null;
    const known = kernel?.every((k) => typeof k === 'number') && spatial.every((d) => typeof d === 'number');
    const out = known
      ? spreadOf(node, spatial as number[], kernel as number[]).map(({ size }) => size)
      : spatial.map(() => null);
    return [tensorType(dtype, [dims[0] ?? null, m, ...out])];
  },
  evaluate: ([x, w, bias], node) => [spread(node, x as Tensor, w as Tensor, bias ?? null)],
  lower: () => refuse('onnx/no-row-form', 'convolutions have no form in the row language'),
  rows: (node) => rowsAreSamples(node, [1, 2]),
};

interface Spread {
  /** Elements along the axis of the result, and of all that is spread before it is cut. */
  readonly size: number;
  readonly full: number;
  /** What is cut off before; negative: added. */
  readonly before: number;
  readonly stride: number;
  readonly dilation: number;
}

const spreadOf = (node: Node, spatial: readonly number[], kernel: readonly number[]): readonly Spread[] => {
  const rank = spatial.length;
  const { axes } = windowOf(node, rank, kernel);
  const extra = intsOf(node, 'output_padding') ?? new Array<number>(rank).fill(0);
  // Some files give batch and channels as well.
  const shape = intsOf(node, 'output_shape')?.slice(-rank);
  const auto = stringOf(node, 'auto_pad', 'NOTSET');
  return axes.map((a, i) => {
    const length = spatial[i] as number;
    const reach = a.stride * (length - 1) + (a.kernel - 1) * a.dilation + 1;
    const full = reach + (extra[i] ?? 0);
    const same = auto === 'SAME_UPPER' || auto === 'SAME_LOWER' ? length * a.stride : undefined;
    const size = shape?.[i] ?? same ?? full - (a.pads?.[0] ?? 0) - (a.pads?.[1] ?? 0);
    const half = Math.floor((full - size) / 2);
    const chosen = auto === 'SAME_UPPER' ? half : full - size - half;
    const before = shape || same !== undefined ? chosen : (a.pads?.[0] ?? 0);
    if (!(size >= 0 && size <= 2 ** 28)) refused(node, `it cannot make ${size} elements of ${length}`);
    return { size, full, before, stride: a.stride, dilation: a.dilation };
  });
};

const spread = (node: Node, x: Tensor, w: Tensor, bias: Tensor | null): Tensor => {
  const [n, channels, ...spatial] = x.dims as [number, number, ...number[]];
  const [c, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  const group = intOf(node, 'group', 1);
  if (c !== channels || channels % group !== 0) {
    refused(node, `weights [${w.dims}] do not fit ${channels} channels in ${group} groups`);
  }
  const axes = spreadOf(node, spatial, kernel);
  const m = perGroup * group;
  if (bias && countOf(bias.dims) !== m)
    refused(node, `there are ${countOf(bias.dims)} biases for ${m} outputs`);
  const dims = axes.map((a) => a.size);
  // Spread over a plane that nothing leaves, then cut.
  const extents = axes.map((a) => Math.max(a.full, a.before + a.size) + Math.max(0, -a.before));
  if (countOf(extents) > 2 ** 28) refused(node, `a plane of [${extents}] is too large`);
  const steps = extents.map((_, i) => countOf(extents.slice(i + 1)));
  const shift = axes.reduce((sum, a, i) => sum + Math.max(0, -a.before) * (steps[i] as number), 0);
  const cut = axes.reduce((sum, a, i) => sum + Math.max(0, a.before) * (steps[i] as number), 0);
  const base = grid(
    spatial,
    axes.map((a, i) => a.stride * (steps[i] as number)),
    shift,
  );
  const taps = grid(
    kernel,
    axes.map((a, i) => a.dilation * (steps[i] as number)),
  );
  const kept = grid(dims, steps, cut);
  const [step, round] = [stepRounder(x.dtype), rounder(x.dtype)];
  const [xs, ws] = [x.data as Float64Array, w.data as Float64Array];
  const make = (count: number) => (x.dtype === 'float64' ? new Float64Array(count) : new Float32Array(count));
  const out = make(n * m * kept.length);
  const sums = make(countOf(extents));
  const perIn = channels / group;
  for (let s = 0; s < n; s++) {
    for (let k = 0; k < m; k++) {
      sums.fill(0);
      const first = Math.floor(k / perGroup) * perIn;
      for (let i = first; i < first + perIn; i++) {
        for (let t = 0; t < taps.length; t++) {
          const weight = ws[(i * perGroup + (k % perGroup)) * taps.length + t] as number;
          for (let p = 0; p < base.length; p++) {
            const to = (base[p] as number) + (taps[t] as number);
            const v = xs[(s * channels + i) * base.length + p] as number;
            sums[to] = (sums[to] as number) + step(v * weight);
          }
        }
      }
      const offset = bias ? (bias.data[k] as number) : 0;
      kept.forEach((from, o) => {
        out[(s * m + k) * kept.length + o] = round(step((sums[from] as number) + offset));
      });
    }
  }
  return tensor(x.dtype, [n, m, ...dims], out);
};
