import { stringOf } from '../../ir/attributes.ts';
import type { Node } from '../../ir/model.ts';
import { type DType, dtypeInfo, isBig } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused } from '../operator.ts';
import { integers } from './constraints.ts';
import { binary, inferElementwise, rowsEach } from './elementwise.ts';

/**
 * The bits of X moved by Y places: LEFT, what leaves the width is lost; RIGHT, the sign of signed types moves in. By less
 * than 0 or by the whole width and more nothing but the sign is left. ONNX Operators, BitShift; 28 brought signed types.
 */
export const BitShift: Operator = {
  domain: '',
  name: 'BitShift',
  since: [11, 28],
  infer: (node) => {
    directionOf(node);
    return inferElementwise(integers)(node);
  },
  evaluate: (inputs, node) => {
    const [x, y] = inputs as readonly [Tensor, Tensor];
    return [binary(x, y, node, shifts[directionOf(node)](x.dtype))];
  },
  rows: rowsEach,
};

const directionOf = (node: Node): 'LEFT' | 'RIGHT' => {
  const direction = stringOf(node, 'direction');
  return direction === 'LEFT' || direction === 'RIGHT'
    ? direction
    : refused(node, `direction is '${direction}'; it is LEFT or RIGHT`);
};

type Shift = (x: never, y: never) => number | bigint;

/** Storing wraps; what a double holds of x · 2^y, 63 bits at most and most of them zero, is exact. */
const shifts: Readonly<Record<'LEFT' | 'RIGHT', (dtype: DType) => Shift>> = {
  LEFT: (dtype) => {
    const { bits } = dtypeInfo(dtype);
    return isBig(dtype)
      ? (x: bigint, y: bigint) => (y < 0n || y >= 64n ? 0n : x << y)
      : (x: number, y: number) => (y < 0 || y >= bits ? 0 : x * 2 ** y);
  },
  RIGHT: (dtype) => {
    const { bits } = dtypeInfo(dtype);
    return isBig(dtype)
      ? (x: bigint, y: bigint) => (y < 0n || y >= 64n ? (x < 0n ? -1n : 0n) : x >> y)
      : (x: number, y: number) => (y < 0 || y >= bits ? (x < 0 ? -1 : 0) : Math.floor(x / 2 ** y));
  },
};
