import { attr, stringOf } from '../../ir/attributes.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { cast, literal, ML, numeric } from './build.ts';

/**
 * Each row over its norm, float32 for any input; a row of norm 0 stays as it is. ai.onnx.ml, Normalizer. `[C]` is one
 * row, `[N, C]` are N.
 *
 * MAX is the greatest element, not the greatest magnitude. For L1 the specification's formula sums X and its name asks
 * for magnitudes; onnxruntime and the reference implementation sum magnitudes, and so does this. L2 is √(x² / Σx²) with
 * the sign of x, as the formula is written. NaN is passed over by MAX, as onnxruntime does.
 */
export const Normalizer: Operator = {
  domain: ML,
  name: 'Normalizer',
  since: [1],
  infer: (node) => {
    const { dims } = tensorInput(node, 0, numeric);
    if (dims !== null && dims.length !== 1 && dims.length !== 2) {
      refused(node, `the input has rank ${dims.length}; it takes [N, C] or [C]`);
    }
    return [tensorType('float32', dims)];
  },
  expand: (node, b) => {
    const given = node.inputs[0] as Value;
    const x = cast(b, given, 'float32');
    const norm = stringOf(node, 'norm', 'MAX');
    const zero = literal(b, 'float32', 0);
    const over = (name: 'ReduceMax' | 'ReduceSum', values: Value) =>
      b.op(name, [values, literal(b, 'int64', [-1])], { keepdims: attr.int(1) });
    /** y where the norm is not 0, else x. */
    const unlessZero = (divisor: Value, y: Value) => b.op('Where', [b.op('Equal', [divisor, zero]), x, y]);
    if (norm === 'MAX') {
      const lowest = literal(b, 'float32', -3.4028234663852886e38);
      const max = over('ReduceMax', b.op('Where', [b.op('IsNaN', [x]), lowest, x]));
      return [unlessZero(max, b.op('Div', [x, max]))];
    }
    if (norm === 'L1') {
      const sum = over('ReduceSum', b.op('Abs', [x]));
      return [unlessZero(sum, b.op('Div', [x, sum]))];
    }
    if (norm !== 'L2') return refused(node, `norm is ${norm}; it is MAX, L1 or L2`);
    // Squared in the dtype given, and then rounded.
    const square = cast(b, b.op('Mul', [given, given]), 'float32');
    const sum = over('ReduceSum', square);
    const root = b.op('Sqrt', [b.op('Div', [square, sum])]);
    const signed = b.op('Where', [b.op('Less', [x, zero]), b.op('Neg', [root]), root]);
    return [unlessZero(sum, signed)];
  },
  rows: (node) => {
    const type = node.inputs[0]?.type;
    return type?.kind === 'tensor' && type.dims?.length === 2 ? 'each' : 'all';
  },
};
