import { attr, intOf, stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, type Type, tensorType } from '../../ir/model.ts';
import { column, type DType, dtypeInfo, isBig, isFloat, isInteger } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, strides, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { dimsOf } from './axes.ts';
import { floats } from './constraints.ts';
import { earlier } from './earlier.ts';
import { attributesBut, finish } from './expansion.ts';
import { blend, type Taps } from './interpolation.ts';
import { roundEven } from './rounding.ts';
import { cubic } from './sampling.ts';

const infer = (node: Node): readonly Type[] => {
  const { dtype, dims } = tensorInput(node, 0);
  const grid = tensorInput(node, 1, floats).dims;
  checkSampled(node, dtype);
  const rank = dims?.length ?? grid?.length;
  if (rank === undefined) return [tensorType(dtype, null)];
  const axes = grid?.at(-1);
  const fits =
    rank >= 3 &&
    (grid?.length ?? rank) === rank &&
    (typeof axes !== 'number' || axes === rank - 2) &&
    (node.op.since > 16 || rank === 4);
  if (!fits) refused(node, `a grid of [${grid?.map((d) => d ?? '?')}] does not fit rank ${rank}`);
  const [n, m] = [dims?.[0], grid?.[0]];
  if (typeof n === 'number' && typeof m === 'number' && n !== m) refused(node, `${m} grids for ${n} samples`);
  const out = grid?.slice(1, -1) ?? new Array<null>(rank - 2).fill(null);
  return [tensorType(dtype, [typeof m === 'number' ? m : (n ?? m ?? null), dims?.[1] ?? null, ...out])];
};

const rows: NonNullable<Operator['rows']> = (node) =>
  typeof dimsOf(node.inputs[0])?.[0] === 'string' &&
  dimsOf(node.inputs[1])?.[0] === dimsOf(node.inputs[0])?.[0]
    ? 'each'
    : 'all';

/**
 * X `[N, C, D…]` read at the places of the grid `[N, O…, r]`, whose last axis counts from -1 to 1 along D in reverse order:
 * `[N, C, O…]`. ONNX Operators, GridSample. 16 took two spatial axes and said bilinear and bicubic.
 */
export const GridSample: readonly Operator[] = [
  {
    domain: '',
    name: 'GridSample',
    since: [20, 22],
    infer,
    evaluate: ([x, grid], node) => [sample(node, x as Tensor, grid as Tensor)],
    express: (node, b, opsets) => {
      if (dimsOf(node.inputs[0])?.length !== 4) {
        return refuse('express/not-at-opset', 'before opset 20 it took two spatial axes');
      }
      const mode = stringOf(node, 'mode', 'linear');
      const named = mode === 'nearest' ? mode : `bi${mode}`;
      return earlier(node, b, opsets, node.inputs, attributesBut(node, [], { mode: attr.string(named) }));
    },
    rows,
  },
  {
    domain: '',
    name: 'GridSample',
    since: [16],
    infer,
    expand: (node, b) => {
      const mode = stringOf(node, 'mode', 'bilinear').replace(/^bi(linear|cubic)$/, '$1');
      return finish(node, b, 'GridSample', node.inputs, attributesBut(node, [], { mode: attr.string(mode) }));
    },
    rows,
  },
];

/** Strings and truth values have no mean; they are only ever copied. */
const checkSampled = (node: Node, dtype: DType): void => {
  const { kind } = dtypeInfo(dtype);
  const mode = stringOf(node, 'mode', 'linear');
  if ((kind === 'string' || kind === 'bool') && mode !== 'nearest') {
    refused(node, `${dtype} has no elements in between: the mode must be nearest`);
  }
};

const modes: ReadonlyMap<string, (x: number) => Taps> = new Map<string, (x: number) => Taps>([
  ['nearest', (x) => [[roundEven(x), 1]]],
  ['linear', (x) => around(x, 0, 1, (d) => 1 - d)],
  ['cubic', (x) => around(x, -1, 2, cubic(-0.75))],
]);

const around = (x: number, from: number, to: number, weight: (distance: number) => number): Taps => {
  const low = Math.floor(x);
  return Array.from({ length: to - from + 1 }, (_, i) => [
    low + from + i,
    weight(Math.abs(x - (low + from + i))),
  ]);
};

const sample = (node: Node, x: Tensor, grid: Tensor): Tensor => {
  const [n, channels, ...spatial] = x.dims as [number, number, ...number[]];
  const rank = spatial.length;
  const aligned = intOf(node, 'align_corners', 0) !== 0;
  const mode = stringOf(node, 'mode', 'linear');
  const tapsAt = modes.get(mode) ?? refused(node, `mode is ${mode}; it is linear, nearest or cubic`);
  const padding = stringOf(node, 'padding_mode', 'zeros');
  if (!['zeros', 'border', 'reflection'].includes(padding)) refused(node, `padding_mode is ${padding}`);
  if (grid.dims.length !== rank + 2 || grid.dims.at(-1) !== rank || grid.dims[0] !== n) {
    refused(node, `a grid of [${grid.dims}] does not fit [${x.dims}]`);
  }
  const out = grid.dims.slice(1, -1);
  const places = countOf(out);
  const steps = strides(spatial);
  const plane = countOf(spatial);
  const { width } = dtypeInfo(x.dtype);
  const data = column(x.dtype, n * channels * places) as unknown[];
  const store = storing(x.dtype);
  const step = stepRounder(grid.dtype);
  const at = grid.data as Float64Array;
  for (let s = 0; s < n; s++) {
    for (let p = 0; p < places; p++) {
      const taps = spatial.map((length, axis) => {
        // The last of a place's coordinates is the first axis.
        const g = at[(s * places + p) * rank + (rank - 1 - axis)] as number;
        const raw = aligned
          ? step(step(step(g + 1) / 2) * (length - 1))
          : step(step(step(step(g + 1) * length) - 1) / 2);
        const [low, high] = aligned ? [0, length - 1] : [-0.5, length - 0.5];
        const rounded = mode === 'nearest' ? roundEven(raw) : raw;
        const held = padding === 'zeros' ? rounded : within(rounded, padding, length, low, high);
        return tapsAt(held).map(([i, w]) => [inside(i, padding, length, low, high), w] as const);
      });
      for (let c = 0; c < channels; c++) {
        const from = (s * channels + c) * plane;
        const to = (s * channels + c) * places + p;
        for (let part = 0; part < width; part++) {
          data[to * width + part] =
            mode === 'nearest'
              ? copied(x, taps, steps, from, part, width)
              : store(blend((offset) => Number(x.data[(from + offset) * width + part]), taps, steps));
        }
      }
    }
  }
  return tensor(x.dtype, [n, channels, ...out], data as unknown as Tensor['data']);
};

/** A coordinate brought into the plane. */
const within = (x: number, padding: string, length: number, low: number, high: number): number => {
  if (!(x < low || x > high)) return x;
  return padding === 'border' ? Math.min(Math.max(x, 0), length - 1) : reflected(x, low, high);
};

/** An index brought into the plane; -1 where it stays outside. */
const inside = (i: number, padding: string, length: number, low: number, high: number): number => {
  if (i >= 0 && i < length) return i;
  if (padding === 'zeros' || length === 0) return -1;
  const at = padding === 'border' ? i : Math.trunc(reflected(i, low, high));
  // NaN and infinities, which no border brings back, read the first or last element.
  return Math.min(Math.max(at || 0, 0), length - 1);
};

/** Reflected by the near border until it lies within both. */
const reflected = (x: number, low: number, high: number): number => {
  const range = high - low;
  if (range <= 0) return low;
  const beyond = x < low ? low - x : x - high;
  if (beyond <= 0) return x;
  const times = Math.trunc(beyond / range);
  const rest = beyond - times * range;
  return x < low === (times % 2 === 0) ? low + rest : high - rest;
};

const copied = (
  x: Tensor,
  taps: readonly Taps[],
  steps: readonly number[],
  from: number,
  part: number,
  width: number,
): unknown => {
  const outside = taps.some(([tap]) => tap?.[0] === -1);
  if (outside) return Array.isArray(x.data) ? '' : isBig(x.dtype) ? 0n : 0;
  const offset = taps.reduce((sum, [tap], axis) => sum + (tap?.[0] ?? 0) * (steps[axis] as number), 0);
  return x.data[(from + offset) * width + part];
};

/** What was computed in doubles as an element: integers are cut. */
const storing = (dtype: DType): ((x: number) => number | bigint) => {
  if (isFloat(dtype)) return rounder(dtype);
  if (isBig(dtype)) return (x) => (Number.isFinite(x) ? BigInt(Math.trunc(x)) : 0n);
  return isInteger(dtype) ? Math.trunc : (x) => x;
};
