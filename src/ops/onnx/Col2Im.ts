import { type Node, tensorType } from '../../ir/model.ts';
import { column, type DType, dtypeInfo, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { dimsOf, ints, knownInts } from './axes.ts';
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
