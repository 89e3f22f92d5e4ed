import { attr, stringOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { type DType, dtypeInfo, isBig } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { powersOfTwo } from './bits.ts';
import { integers } from './constraints.ts';
import { cast } from './earlier.ts';
import { binary, inferElementwise, rowsEach } from './elementwise.ts';
import { finish, number } from './expansion.ts';

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
  express: (node, b, opsets) => {
    // Before 28 only unsigned types: a negative number is shifted as the one that has all its bits turned round.
    const [x, y] = node.inputs as readonly [Value, Value];
    const { dtype } = tensorInput(node, 0);
    if ((opsets.get('') ?? 0) < 11 && dtype.startsWith('u')) return byPowers(node, b, x, y, dtype);
    if (dtype.startsWith('u')) return undefined;
    const unsigned = `u${dtype}` as DType;
    const constantOf = (value: number, of: DType): Value => b.constant(constant(of, [value], []));
    const turned = (v: Value): Value => b.op('Sub', [constantOf(-1, dtype), v]);
    const negative = b.op('Less', [x, constantOf(0, dtype)]);
    const right = directionOf(node) === 'RIGHT';
    const bits = cast(b, right ? b.op('Where', [negative, turned(x), x]) : x, unsigned);
    const by = cast(b, y, unsigned);
    const shifted = b.op('BitShift', [bits, by], { direction: attr.string(directionOf(node)) });
    // By the whole width and more, which the unsigned a negative number becomes is too, nothing is left.
    const out = b.op('Less', [constantOf(dtypeInfo(dtype).bits - 1, unsigned), by]);
    const moved = cast(b, b.op('Where', [out, constantOf(0, unsigned), shifted]), dtype);
    return right ? finish(node, b, 'Where', [negative, turned(moved), moved]) : [moved];
  },
  rows: rowsEach,
};

/** Before 11: times a power of two, or divided by it, in 64 bits, of which those that fit are kept. */
const byPowers = (node: Node, b: Builder, x: Value, y: Value, dtype: DType): readonly Value[] => {
  const { bits } = dtypeInfo(dtype);
  const width = number(b, 'uint64', bits);
  const by = cast(b, y, 'uint64');
  const inside = b.op('Less', [by, width]);
  const none = number(b, 'uint64', 0);
  const powers = b.constant(constant('uint64', powersOfTwo(bits)));
  const power = b.op('Gather', [powers, cast(b, b.op('Where', [inside, by, none]), 'int64')]);
  const moved = b.op(directionOf(node) === 'LEFT' ? 'Mul' : 'Div', [cast(b, x, 'uint64'), power]);
  return [cast(b, b.op('Where', [inside, moved, none]), dtype)];
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
