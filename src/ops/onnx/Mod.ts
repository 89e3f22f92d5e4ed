import { intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, TensorType, Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { cast } from './earlier.ts';
import { pairedElements } from './elements.ts';
import { binary, inferElementwise, lowerTo, reindex, rowsEach } from './elementwise.ts';
import { finish } from './expansion.ts';
import { spelling } from './spelling.ts';
import { chooseRow } from './take.ts';

/** A - floor(A / B) * B: a zero has the sign of B, and towards an infinity of the other sign B itself is the result. */
const floored = (x: number, y: number): number => {
  const r = x % y;
  if (r === 0) return y < 0 ? -0 : 0;
  return r < 0 !== y < 0 ? r + y : r;
};

// By zero the standard leaves integers undefined: 0 here.
const flooredBig = (x: bigint, y: bigint): bigint => {
  if (y === 0n) return 0n;
  const r = x % y;
  return r !== 0n && r < 0n !== y < 0n ? r + y : r;
};

const truncated = (x: number, y: number): number => x % y;

const truncatedBig = (x: bigint, y: bigint): bigint => (y === 0n ? 0n : x % y);

/**
 * Of floats before 10, in doubles: A less the whole quotients times B, which is exact for float32 and smaller while the quotient is
 * below 2^29 (for float64: to half an ULP of A), and moved by B where the quotient was rounded over a whole number.
 */
const remainder = (node: Node, b: Builder, x: Value, y: Value, dtype: DType): readonly Value[] => {
  const s = spelling(b, 'float64');
  const [a, by] = [cast(b, x, 'float64'), cast(b, y, 'float64')];
  const [size, step] = [s.one('Abs', a), s.one('Abs', by)];
  const rough = s.sub(size, s.mul(s.one('Floor', s.div(size, step)), step));
  const above = s.where(s.less(rough, 0), s.add(rough, step), rough);
  const r = s.where(s.less(above, step), above, s.sub(above, step));
  const signed = s.where(s.less(a, 0), s.one('Neg', r), r);
  if (intOf(node, 'fmod', 0) !== 0) return [cast(b, signed, dtype)];
  const apart = b.op('Xor', [s.less(signed, 0), s.less(by, 0)]);
  const turned = b.op('And', [apart, s.greater(r, 0)]);
  return [cast(b, s.where(turned, s.add(signed, by), signed), dtype)];
};

/** The remainder of A / B: with the sign of B, or of A under `fmod` = 1. ONNX Operators, Mod. */
export const Mod: Operator = {
  domain: '',
  name: 'Mod',
  since: [10, 13, 28],
  infer: inferElementwise(numeric),
  elements: pairedElements(),
  evaluate: (inputs, node) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const [small, big] = intOf(node, 'fmod', 0) ? [truncated, truncatedBig] : [floored, flooredBig];
    return [isBig(a.dtype) ? binary(a, b, node, big) : binary(a, b, node, small)];
  },
  lower: (node, inputs, to) => {
    if (intOf(node, 'fmod', 0)) return lowerTo('fmod')(node, inputs, to);
    const given = inputs as readonly [Lowered, Lowered];
    const [{ dtype }, y] = given;
    const [remainder] = lowerTo('mod')(node, inputs, to) as readonly [Lowered];
    if (!isFloat(dtype)) return [remainder];
    const { dims } = remainder;
    const number = (value: number): Row => ({ k: 'const', dtype, value });
    const is = (fn: 'eq' | 'lt', x: Row): Row => ({ k: 'apply', fn, dtype: 'bool', args: [x, number(0)] });
    // A zero takes the sign of B.
    const element = (index: Row): Row => {
      const r = remainder.element(index);
      const zero = chooseRow([is('lt', y.element(reindex(y.dims, dims, index)))], [number(-0)], number(0));
      return chooseRow([is('eq', r)], [zero], r);
    };
    return [{ dtype, dims, element }];
  },
  express: (node, b, opsets) => {
    const [x, y] = node.inputs as readonly [Value, Value];
    const { dtype } = x.type as TensorType;
    if (isFloat(dtype)) return (opsets.get('') ?? 0) < 10 ? remainder(node, b, x, y, dtype) : undefined;
    // Integers are divided towards zero; the remainder of the other sign moves by B.
    const r = b.op('Sub', [x, b.op('Mul', [b.op('Div', [x, y]), y])]);
    if (intOf(node, 'fmod', 0) !== 0 || dtype.startsWith('u')) return [r];
    const zero = b.constant(constant(dtype, [0], []));
    const apart = b.op('Xor', [b.op('Less', [r, zero]), b.op('Less', [y, zero])]);
    const turned = b.op('And', [apart, b.op('Not', [b.op('Equal', [r, zero])])]);
    return finish(node, b, 'Where', [turned, b.op('Add', [r, y]), r]);
  },
  carriers: whereHeld,
  rows: rowsEach,
};
