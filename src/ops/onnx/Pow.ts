import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import { type DType, dtypeInfo, isBig, isFloat, isInteger } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { inDoubles } from './carriers.ts';
import { floats, numeric } from './constraints.ts';
import { cast } from './earlier.ts';
import { pairedElements } from './elements.ts';
import { binary, broadcastRows, broadcastTypes, reindex, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';
import { spelling } from './spelling.ts';

/** x^y as IEEE 754 has it: 1 to any power, and -1 to an infinite one, are 1 (ECMAScript says NaN). */
const pow = (x: number, y: number): number =>
  x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;

/** x^y in 64 bits, by squaring; a negative power is the integer part of the quotient, and 0 where x is 0. */
const powBig = (x: bigint, y: bigint): bigint => {
  if (y < 0n) return x === 1n ? 1n : x === -1n ? (y % 2n === 0n ? 1n : -1n) : 0n;
  let [result, square] = [1n, x];
  for (let n = y; n > 0n; n >>= 1n) {
    if (n & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
};

/** A Loop over the bits of the power: exact, and wrapping like the product itself. */
const bySquaring = (b: Builder, x: Value, y: Value): Value => {
  const s = spelling(b, 'int64');
  const below = s.less(y, 0);
  // One of both in the shape of the result.
  const [base, power] = [s.add(x, s.mul(y, 0)), s.add(s.one('Abs', y), s.mul(x, 0))];
  const inner = b.inner();
  const t = spelling(inner, 'int64');
  inner.input(inner.unique('i'), tensorType('int64', []));
  const going = inner.input(inner.unique('going'), tensorType('bool', []));
  const [result, square, left] = ['result', 'square', 'left'].map((n) =>
    inner.input(inner.unique(n), base.type),
  ) as [Value, Value, Value];
  const half = t.div(left, 2);
  const odd = t.greater(t.sub(left, t.mul(half, 2)), 0);
  const body = inner.finish([
    inner.op('Identity', [going]),
    t.where(odd, t.mul(result, square), result),
    t.mul(square, square),
    half,
  ]);
  const one = s.add(s.mul(base, 0), 1);
  const [whole] = b.call(
    ['', 'Loop'],
    [s.number(63), b.constant(constant('bool', [true], [])), one, base, power],
    {
      attributes: { body: attr.region(body) },
      outputs: ['whole', 'squares', 'rest'].map((n) => b.unique(n)),
    },
  );
  // 1 / x^|y| is whole for 1 and -1 alone.
  const unit = b.op('Equal', [s.one('Abs', base), s.number(1)]);
  return s.where(below, s.where(unit, whole as Value, 0), whole as Value);
};

/** Z = X^Y, element by element, in the type of X; integers wrap. ONNX Operators, Pow. */
export const Pow: readonly Operator[] = [
  {
    domain: '',
    name: 'Pow',
    since: [7, 12, 13, 15],
    infer: (node) => {
      const types = [
        tensorInput(node, 0, [...floats, 'int32', 'int64']),
        tensorInput(node, 1, numeric),
      ] as const;
      return [tensorType(types[0].dtype, broadcastTypes(node, types))];
    },
    elements: pairedElements(),
    evaluate: (inputs, node) => {
      const [x, y] = inputs as readonly [Tensor, Tensor];
      if (isInteger(x.dtype) && isInteger(y.dtype)) {
        // Exact, whatever the widths: the elements may be numbers on one side and bigints on the other.
        const { bits } = dtypeInfo(x.dtype);
        const cut = (z: bigint) => (isBig(x.dtype) ? z : Number(BigInt.asIntN(bits, z)));
        return [
          binary(x, y, node, (a: number | bigint, b: number | bigint) => cut(powBig(BigInt(a), BigInt(b)))),
        ];
      }
      if (isBig(x.dtype)) {
        const whole = (z: number) => (Number.isFinite(z) ? BigInt(Math.trunc(z)) : 0n);
        return [binary(x, y, node, (a: bigint, b: number) => whole(pow(Number(a), b)))];
      }
      return [binary(x, y, node, (a: number, b: number | bigint) => pow(a, Number(b)))];
    },
    lower: (node, inputs) => {
      const [x, y] = inputs as readonly [Lowered, Lowered];
      const dims = broadcastRows(node, [x, y]);
      const { dtype } = x;
      return [
        {
          dtype,
          dims,
          element: (index) => {
            const base = x.element(reindex(x.dims, dims, index));
            const power = y.element(reindex(y.dims, dims, index));
            const cast = (row: Row, from: DType, to: DType): Row =>
              from === to ? row : { k: 'apply', fn: 'cast', dtype: to, args: [row] };
            const pow = (a: Row, b: Row, in_: DType): Row => ({
              k: 'apply',
              fn: 'pow',
              dtype: in_,
              args: [a, b],
            });
            if (!isInteger(dtype))
              return pow(base, isBig(y.dtype) ? cast(power, y.dtype, 'float64') : power, dtype);
            // Integers exactly, in 64 bits; to a broken power in doubles.
            const wide = isInteger(y.dtype) ? 'int64' : 'float64';
            return cast(pow(cast(base, dtype, wide), cast(power, y.dtype, wide), wide), wide, dtype);
          },
        },
      ];
    },
    carriers: inDoubles,
    express: (node, b, opsets) => {
      // Before 12 both were of one type, and floats.
      const [x, y] = node.inputs as readonly [Value, Value];
      const [from, by] = [tensorInput(node, 0).dtype, tensorInput(node, 1).dtype];
      if (from === by && isFloat(from)) return toOneSided(node, b, opsets);
      if (isBig(from) && isInteger(by)) return [bySquaring(b, x, cast(b, y, 'int64'))];
      const power = b.op('Pow', [cast(b, x, 'float64'), cast(b, y, 'float64')]);
      if (!isBig(from)) return [cast(b, power, from)];
      // What is no finite number has no integer part, and counts as 0.
      const s = spelling(b, 'float64');
      return [cast(b, s.where(s.less(s.one('Abs', power), Infinity), power, 0), from)];
    },
    rows: rowsEach,
  },
  oneSided('Pow', [1]),
];
