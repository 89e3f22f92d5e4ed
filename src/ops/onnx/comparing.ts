/** Less and Greater of integers of 64 bits, before opset 9. */
import type { TensorType, Value } from '../../ir/model.ts';
import { isBig } from '../../tensor/dtype.ts';
import type { Operator } from '../operator.ts';
import { cast } from './earlier.ts';
import { toOneSided } from './expansion.ts';
import { spelling } from './spelling.ts';

/** By the quotient of 2^32, and where that is the same by what is left: doubles hold both. */
export const compared =
  (name: 'Less' | 'Greater'): NonNullable<Operator['express']> =>
  (node, b, opsets) => {
    const [x, y] = node.inputs as readonly [Value, Value];
    const { dtype } = x.type as TensorType;
    if (!isBig(dtype) || (opsets.get('') ?? 0) >= 9) return toOneSided(node, b, opsets);
    const s = spelling(b, dtype);
    const halves = (v: Value): readonly Value[] => {
      const high = s.div(v, 2 ** 32);
      return [high, s.sub(v, s.mul(high, 2 ** 32))].map((half) => cast(b, half, 'float64'));
    };
    const [[high, low], [highest, lowest]] = [halves(x), halves(y)] as unknown as [
      [Value, Value],
      [Value, Value],
    ];
    const other = name === 'Less' ? 'Greater' : 'Less';
    const same = b.op('Not', [b.op(other, [high, highest])]);
    return [b.op('Or', [b.op(name, [high, highest]), b.op('And', [same, b.op(name, [low, lowest])])])];
  };
