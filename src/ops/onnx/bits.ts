/** Integers as digits of base 2, where there are no operators on bits. */

import { attr } from '../../ir/attributes.ts';
import type { Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { type DType, dtypeInfo } from '../../tensor/dtype.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { cast } from './earlier.ts';
import { number, vector } from './expansion.ts';

/** The unsigned dtype with the same bits. */
const unsignedOf = (dtype: DType): DType => (dtype.startsWith('u') ? dtype : (`u${dtype}` as DType));

/** Two to the power of 0, 1, …, `count` of them, the last as `bits` bits hold it. */
export const powersOfTwo = (count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => BigInt.asUintN(64, 1n << BigInt(i)));

/** Before 18 the bits of both meet as truth values, on an axis of their own. */
export const digitwise =
  (meet: 'And' | 'Or' | 'Xor'): NonNullable<Operator['express']> =>
  (node, b) => {
    const [x, y] = node.inputs as readonly [Value, Value];
    const { dtype } = tensorInput(node, 0);
    const powers = b.constant(constant('uint64', powersOfTwo(dtypeInfo(dtype).bits)));
    const last = vector(b, [-1]);
    const digits = (v: Value): Value => {
      const bits = b.op('Unsqueeze', [cast(b, cast(b, v, unsignedOf(dtype)), 'uint64'), last]);
      return cast(b, b.op('Mod', [b.op('Div', [bits, powers]), number(b, 'uint64', 2)]), 'bool');
    };
    const met = cast(b, b.op(meet, [digits(x), digits(y)]), 'uint64');
    const sum = b.op('ReduceSum', [b.op('Mul', [met, powers]), last], { keepdims: attr.int(0) });
    return [cast(b, cast(b, sum, unsignedOf(dtype)), dtype)];
  };
