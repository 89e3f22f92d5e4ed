import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { alongAxis, centred, requantized, spread } from './integers.ts';
import { inferMatrices, multiply, rowsOfProduct } from './matrices.ts';
import { centredIn, perRow, requantizedIn } from './quantizing.ts';

const quantized: readonly DType[] = [
  'int8',
  'uint8',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
];

/**
 * The product of quantized matrices: the sums of (a − a_zero_point)(b − b_zero_point) times a_scale · b_scale / y_scale, in
 * the precision of the scales, rounded, plus y_zero_point, saturated. a has one scale, or one a row; b one, or one a
 * column. ONNX Operators, QLinearMatMul; 21 brought the small floats and the scales' dtypes.
 */
export const QLinearMatMul: Operator = {
  domain: '',
  name: 'QLinearMatMul',
  since: [10, 21],
  infer: (node) => {
    const a = tensorInput(node, 0, quantized);
    const b = tensorInput(node, 3, quantized);
    tensorInput(node, 2, [a.dtype]);
    tensorInput(node, 5, [b.dtype]);
    const { dtype } = tensorInput(node, 1, ['float32', 'float16', 'bfloat16']);
    for (const i of [4, 6]) tensorInput(node, i, [dtype]);
    return [tensorType(tensorInput(node, 7, quantized).dtype, inferMatrices(node, a.dims, b.dims))];
  },
  evaluate: (inputs, node) => [product(node, inputs as readonly Tensor[])],
  express: (node, b) => {
    // Before 10, and before 21 for scales that are no float32: the sums in doubles, exactly, and the steps that follow.
    const [x, xScale, xZero, y, yScale, yZero, scale, zero] = node.inputs as readonly Value[] as readonly [
      Value,
      Value,
      Value,
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const sums = b.op('MatMul', [centredIn(b, x, xZero, 1), centredIn(b, y, yZero)]);
    const factor = b.op('Div', [b.op('Mul', [perRow(b, xScale), yScale]), scale]);
    return [requantizedIn(b, sums, factor, zero)];
  },
  rows: (node) =>
    rowsOfProduct(
      node.inputs[0],
      node.inputs[3],
      [1, 2, 4, 5, 6, 7].map((i) => node.inputs[i]),
    ),
};

const product = (node: Node, inputs: readonly Tensor[]): Tensor => {
  const [a, aScale, aZero, b, bScale, bZero, yScale, yZero] = inputs as unknown as readonly [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  if (countOf(yScale.dims) !== 1 || countOf(yZero.dims) !== 1)
    refused(node, 'y has one scale and zero point');
  const perRow = (t: Tensor) => alongAxis(t.dims, a.dims.length, a.dims.length - 2);
  const sums = multiply(node, centred(node, a, aZero, perRow(aZero)), centred(node, b, bZero));
  const [rowOf, columnOf] = [spread(node, perRow(aScale), sums.dims), spread(node, bScale.dims, sums.dims)];
  const round = rounder(aScale.dtype);
  const factor = (i: number): number => {
    const both = round((aScale.data[rowOf(i)] as number) * (bScale.data[columnOf(i)] as number));
    return round(both / (yScale.data[0] as number));
  };
  return requantized(sums, factor, yZero);
};
