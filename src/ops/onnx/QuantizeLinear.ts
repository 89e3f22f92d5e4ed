import { intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { column, type DType, dtypeInfo, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dtypeByNumber } from './constraints.ts';
import { cast } from './conversion.ts';
import { scaleIndex, zeroPoint } from './granularity.ts';
import { roundEven } from './rounding.ts';

const inputs: readonly DType[] = ['float32', 'float16', 'bfloat16', 'int32'];

/**
 * y = saturate(round(x / y_scale) + y_zero_point), halves to even; to the small floats x / y_scale + y_zero_point is cast.
 * ONNX Operators, QuantizeLinear. The division has the precision of the scale's dtype (from 23 on of `precision`). One
 * scale for all, one an axis (from 13 on), or one a block (21).
 */
export const QuantizeLinear: Operator = {
  domain: '',
  name: 'QuantizeLinear',
  since: [10, 13, 19, 21, 23, 24, 25, 28],
  infer: (node) => [tensorType(outputDtype(node), tensorInput(node, 0, inputs).dims)],
  evaluate: ([given, scale, zero], node) => {
    const [x, s] = [given as Tensor, scale as Tensor];
    const dtype = outputDtype(node);
    const at = scaleIndex(node, x.dims, s);
    const zeroAt = zeroPoint(node, zero, s);
    const precision = dtypeByNumber(intOf(node, 'precision', 0)) ?? (isFloat(s.dtype) ? s.dtype : 'float32');
    const divide = rounder(precision === 'float8e8m0' ? 'float32' : precision);
    const count = countOf(x.dims);
    const quotient = (i: number) => divide((x.data[i] as number) / (s.data[at(i)] as number));
    if (isFloat(dtype)) {
      const shifted = Float32Array.from({ length: count }, (_, i) => quotient(i) + zeroAt(at(i)));
      const how = { saturate: intOf(node, 'saturate', 1) !== 0, roundMode: 'up' };
      return [cast(tensor('float32', x.dims, shifted), dtype, how)];
    }
    const [low, high] = rangeOf(dtype);
    const out = column(dtype, count) as Int8Array;
    for (let i = 0; i < count; i++) {
      const q = roundEven(quotient(i)) + zeroAt(at(i));
      out[i] = Math.min(Math.max(Number.isNaN(q) ? 0 : q, low), high);
    }
    return [tensor(dtype, x.dims, out)];
  },
  lower: () => refuse('onnx/no-row-form', 'quantization has no form in the row language'),
  rows: (node) => rowsOfScales(node),
};

/** The zero point's dtype, else `output_dtype`, else uint8. */
const outputDtype = (node: Node): DType => {
  const named = dtypeByNumber(intOf(node, 'output_dtype', 0));
  const zero = node.inputs[2] ? tensorInput(node, 2).dtype : undefined;
  if (named && zero && named !== zero) refused(node, `output_dtype is ${named}, the zero point ${zero}`);
  const dtype = zero ?? named ?? 'uint8';
  const { kind } = dtypeInfo(dtype);
  return kind === 'string' || kind === 'complex' ? refused(node, `it cannot make ${dtype}`) : dtype;
};

const rangeOf = (dtype: DType): readonly [number, number] => {
  const { kind, bits } = dtypeInfo(dtype);
  return kind === 'uint' ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
};

/** Rows are independent where no scale belongs to one of them. */
export const rowsOfScales = (node: Node): 'each' | 'all' => {
  const type = node.inputs[1]?.type;
  if (type?.kind !== 'tensor' || type.dims === null) return 'all';
  const one = type.dims.every((d) => d === 1);
  return one || (type.dims.length === 1 && intOf(node, 'axis', 1) > 0) ? 'each' : 'all';
};
