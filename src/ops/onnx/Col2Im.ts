import { attr, intsOf, stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { column, type DType, dtypeInfo, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { dimsOf, ints, knownInts } from './axes.ts';
import { cast } from './earlier.ts';
import { number, vector } from './expansion.ts';
import { reshaped, spelling } from './spelling.ts';
import { layoutOf, windowOf } from './window.ts';

/**
 * Columns `[N, C · b…, L]`, one a block, added back into images `[N, C, D…]`. image_shape `[D…]` and block_shape `[b…]` are
 * inputs 1 and 2; blocks lie as the windows of Conv do. ONNX Operators, Col2Im.
 */
export const Col2Im: Operator = {
  domain: '',
  name: 'Col2Im',
  since: [18],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (dtype === 'string') refused(node, 'strings cannot be added');
    if (dims && dims.length !== 3)
      refused(node, `input 0 has rank ${dims.length}; it takes [N, C · block, L]`);
    const extents = knownInts(node, 1, known) ?? known.elements?.(node.inputs[1]);
    const block = knownInts(node, 2, known);
    const rank =
      extents?.length ?? block?.length ?? dimsOf(node.inputs[1])?.[0] ?? dimsOf(node.inputs[2])?.[0];
    if (typeof rank !== 'number') return [tensorType(dtype, null)];
    const all = dims?.[1];
    const channels = block && typeof all === 'number' ? channelsOf(node, all, block) : null;
    return [
      tensorType(dtype, [dims?.[0] ?? null, channels, ...(extents ?? new Array<null>(rank).fill(null))]),
    ];
  },
  evaluate: ([x, image, block], node) => [
    assemble(node, x as Tensor, ints(image) as number[], ints(block) as number[]),
  ],
  express: (node, b, opsets) => {
    // Before 18: each element added where it belongs, what lies in the padding at a place that is cut off.
    if ((opsets.get('') ?? 0) >= 18) return undefined;
    const [x, image, block] = node.inputs as readonly [Value, Value, Value];
    const rank = dimsOf(image)?.[0];
    const { dtype } = tensorInput(node, 0);
    if (typeof rank !== 'number') return refuse('express/extent', 'before opset 18 the rank must be known');
    if (stringOf(node, 'auto_pad', 'NOTSET') !== 'NOTSET')
      return refuse('express/attribute', 'before opset 18 pads must be given as numbers');
    const axes = Array.from({ length: rank }, (_, i) => i);
    const list = (name: string, otherwise: number): readonly number[] =>
      intsOf(node, name) ?? new Array<number>(name === 'pads' ? 2 * rank : rank).fill(otherwise);
    const [strides, dilations, pads] = [list('strides', 1), list('dilations', 1), list('pads', 0)];
    const w = spelling(b, 'int64');
    const of = (v: Value, i: number): Value => b.op('Gather', [v, number(b, 'int64', i)]);
    const range = (count: Value): Value => b.op('Range', [w.number(0), count, w.number(1)]);
    const extent = axes.map((i) => of(image, i));
    // Along one axis: the place of each tap in each block.
    const along = axes.map((i) => {
      const [size, taps] = [extent[i] as Value, of(block, i)];
      const padding = (pads[i] as number) + (pads[rank + i] as number);
      const free = w.sub(w.add(size, padding - 1), w.mul(w.sub(taps, 1), dilations[i] as number));
      const blocks = w.add(w.div(free, strides[i] as number), 1);
      const starts = w.sub(w.mul(range(blocks), strides[i] as number), pads[i] as number);
      const shape = (first: number) => Array.from({ length: 2 * rank }, (_, k) => (k === first ? -1 : 1));
      const at = w.add(
        reshaped(b, w.mul(range(taps), dilations[i] as number), shape(i)),
        reshaped(b, starts, shape(rank + i)),
      );
      return { at, beyond: b.op('Or', [w.less(at, 0), b.op('Not', [w.less(at, size)])]) };
    });
    const plane = extent.reduce((p, q) => w.mul(p, q));
    const place = along.reduce<Value | undefined>(
      (sum, { at }, i) => (sum ? w.add(w.mul(sum, extent[i] as Value), at) : at),
      undefined,
    ) as Value;
    const beyond = along.map((a) => a.beyond).reduce((p, q) => b.op('Or', [p, q]));
    const index = reshaped(b, w.where(beyond, plane, place), [1, 1, -1]);
    const all = b.op('ReduceProd', [block, vector(b, [0])], { keepdims: attr.int(1) });
    const shape = b.op('Shape', [x]);
    const part = (i: number): Value => b.op('Gather', [shape, vector(b, [i])]);
    const [n, c] = [part(0), b.op('Div', [part(1), all])];
    const joined = (...parts: readonly Value[]): Value => b.op('Concat', parts, { axis: attr.int(0) });
    const wide = isFloat(dtype) && dtype !== 'float64' ? 'float32' : dtype;
    const updates = b.op('Reshape', [cast(b, x, wide), joined(n, c, vector(b, [-1]))]);
    const places = b.op('Expand', [index, b.op('Shape', [updates])]);
    const one = vector(b, [1]);
    const room = joined(n, c, w.add(b.op('Unsqueeze', [plane, vector(b, [0])]), 1));
    const none = b.op('Expand', [number(b, wide, 0), room]);
    const sums = b.op('ScatterElements', [none, places, updates], {
      axis: attr.int(2),
      reduction: attr.string('add'),
    });
    const kept = b.op('Slice', [
      sums,
      vector(b, [0]),
      b.op('Unsqueeze', [plane, vector(b, [0])]),
      vector(b, [2]),
      one,
    ]);
    return [cast(b, b.op('Reshape', [kept, joined(n, c, image)]), dtype)];
  },
  rows: (node) => (node.inputs.slice(1).every((v) => typeof dimsOf(v)?.[0] !== 'string') ? 'each' : 'all'),
};

const channelsOf = (node: Node, all: number, block: readonly number[]): number => {
  const count = countOf(block);
  return count >= 1 && all % count === 0
    ? all / count
    : refused(node, `${all} rows do not divide into blocks of [${block}]`);
};

const assemble = (node: Node, x: Tensor, image: readonly number[], block: readonly number[]): Tensor => {
  const [n, all, columns] = x.dims as [number, number, number];
  const channels = channelsOf(node, all, block);
  if (image.length !== block.length || image.some((d) => !(d >= 1))) {
    refused(node, `blocks of [${block}] do not lie in an image of [${image}]`);
  }
  const layout = layoutOf(node, windowOf(node, image.length, block), image);
  const { base, taps, place, padded } = layout;
  if (base.length !== columns) refused(node, `there are ${columns} columns for ${base.length} blocks`);
  const { width } = dtypeInfo(x.dtype);
  const plane = countOf(image);
  if (!(n * channels * plane <= 2 ** 28)) refused(node, `images of [${image}] are too large`);
  const out = column(x.dtype, n * channels * plane) as unknown[];
  const add = adder(x.dtype);
  for (let i = 0; i < n * channels; i++) {
    const sums = column(x.dtype, padded) as unknown[];
    for (let t = 0; t < taps.length; t++) {
      for (let l = 0; l < columns; l++) {
        const from = ((i * taps.length + t) * columns + l) * width;
        const to = ((base[l] as number) + (taps[t] as number)) * width;
        for (let part = 0; part < width; part++) sums[to + part] = add(sums[to + part], x.data[from + part]);
      }
    }
    const round = isFloat(x.dtype) ? rounder(x.dtype) : undefined;
    place.forEach((from, to) => {
      for (let part = 0; part < width; part++) {
        const v = sums[from * width + part];
        out[(i * plane + to) * width + part] = round ? round(v as number) : v;
      }
    });
  }
  return tensor(x.dtype, [n, channels, ...image], out as unknown as Tensor['data']);
};

const adder = (dtype: DType): ((a: unknown, b: unknown) => unknown) => {
  if (isBig(dtype)) return (a, b) => (a as bigint) + (b as bigint);
  if (dtype === 'bool') return (a, b) => (a as number) | (b as number);
  const step = stepRounder(dtype);
  return (a, b) => step((a as number) + (b as number));
};
