/** DepthToSpace and SpaceToDepth move elements between channels and blocks of the plane; one map serves both. */
import { intOf, stringOf } from '../../ir/attributes.ts';
import type { Dim, Node } from '../../ir/model.ts';
import { column, dtypeInfo } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';

export const blockSize = (node: Node): number => {
  const size = intOf(node, 'blocksize');
  return size >= 1 ? size : refused(node, `blocksize is ${size}`);
};

export const image = (node: Node, dims: readonly Dim[]): readonly [Dim, Dim, Dim, Dim] =>
  dims.length === 4
    ? (dims as readonly Dim[] as readonly [Dim, Dim, Dim, Dim])
    : refused(node, `the input has rank ${dims.length}; it takes [N, C, H, W]`);

/** An extent divided by the blocks in it, unknown where it is not known. */
export const divided = (node: Node, d: Dim, by: number): Dim => {
  if (typeof d !== 'number') return by === 1 ? d : null;
  return d % by === 0 ? d / by : refused(node, `an extent of ${d} does not divide by ${by}`);
};

export const times = (d: Dim, by: number): Dim => (typeof d === 'number' ? d * by : by === 1 ? d : null);

/**
 * Copies between `deep` [N, D, h, w], D = C·b², and `wide` [N, C, h·b, w·b]. The offset (row i, column j) in a block is
 * channel (i·b + j)·C + c under DCR, and c·b² + i·b + j under CRD.
 */
export const moveBlocks = (node: Node, x: Tensor, to: 'wide' | 'deep'): Tensor => {
  const b = blockSize(node);
  const mode = stringOf(node, 'mode', 'DCR');
  if (mode !== 'DCR' && mode !== 'CRD') refused(node, `mode is ${mode}; it is DCR or CRD`);
  const given = image(node, x.dims) as readonly [number, number, number, number];
  const wide = to === 'wide';
  const [n] = given;
  const c = wide ? (divided(node, given[1], b * b) as number) : given[1];
  const h = wide ? given[2] : (divided(node, given[2], b) as number);
  const w = wide ? given[3] : (divided(node, given[3], b) as number);
  const dims = wide ? [n, c, h * b, w * b] : [n, c * b * b, h, w];
  if (dtypeInfo(x.dtype).width !== 1) refused(node, `${x.dtype} is not supported`);
  const out = column(x.dtype, countOf(dims)) as unknown[];
  let at = 0;
  // In the order of the wide tensor.
  for (let s = 0; s < n; s++) {
    for (let k = 0; k < c; k++) {
      for (let y = 0; y < h * b; y++) {
        for (let z = 0; z < w * b; z++, at++) {
          const block = (y % b) * b + (z % b);
          const channel = mode === 'DCR' ? block * c + k : k * b * b + block;
          const deep = ((s * c * b * b + channel) * h + Math.floor(y / b)) * w + Math.floor(z / b);
          if (wide) out[at] = x.data[deep];
          else out[deep] = x.data[at];
        }
      }
    }
  }
  return tensor(x.dtype, dims, out as unknown as Tensor['data']);
};
