import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { OWN, tensorType, type Value } from '../../ir/model.ts';
import { fits } from '../../ir/shape.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { cast, literal } from '../ml/build.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { arity, floats, matrixInput, vectorInput } from './types.ts';
import { dtypeOf, missingInput, not, reduce } from './where.ts';

type Opsets = ReadonlyMap<string, number>;

/** Every operator that the form below is made of, at its newest. */
const newest: Opsets = new Map([['', Infinity]]);

/**
 * Median of the elements present in each row of x `[N, K]`: with an even count the mean of the middle two. With
 * weights `[K]` or `[N, K]`: the elements in ascending order, their weights added up in that order, the first element at which
 * half of the total is reached (PMML 4.4.1, Multiple Models, weightedMedian). Missing where no element is present, NaN
 * where one is NaN.
 */
export const Median: Operator = {
  domain: OWN,
  name: 'Median',
  since: [1],
  infer: (node) => {
    arity(node, 2, 1);
    const x = tensorInput(node, 0, floats);
    if (x.dims !== null && x.dims.length !== 2) refused(node, 'input 0 must have two axes, [N, K]');
    if (node.inputs[1]) {
      const weights = tensorInput(node, 1, [x.dtype]);
      if (weights.dims?.length === 1) vectorInput(node, 1, x.dims?.[1] ?? null, [x.dtype]);
      else if (!fits(matrixInput(node, 1, [x.dtype]), { ...weights, dims: x.dims })) {
        refused(node, 'the weights are not so many as the elements');
      }
    }
    return [tensorType(x.dtype, [x.dims?.[0] ?? null, 1], x.dims?.[1] === 0 ? 'missing' : x.absent)];
  },
  evaluate: ([x, weight]) => {
    const { data, dims, missing, dtype } = x as Tensor;
    const [rows, width] = dims as [number, number];
    const values = data as Float64Array;
    const weights = weight?.data as Float64Array | undefined;
    const own = weight?.dims.length === 2;
    const round = rounder(dtype);
    const out = column(dtype, rows) as Float64Array;
    const gone = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) {
      const present: number[] = [];
      for (let k = 0; k < width; k++) if (!missing?.[i * width + k]) present.push(k);
      const value = (k: number) => values[i * width + k] as number;
      if (present.length === 0) gone[i] = 1;
      else if (present.some((k) => Number.isNaN(value(k)))) out[i] = Number.NaN;
      else {
        const sorted = present.toSorted((a, b) => value(a) - value(b) || 0);
        out[i] = value(
          weights
            ? halfway(sorted, own ? weights.subarray(i * width, (i + 1) * width) : weights, round)
            : (sorted[(sorted.length - 1) >> 1] as number),
        );
        if (!weights && sorted.length % 2 === 0) {
          const upper = value(sorted[sorted.length / 2] as number);
          out[i] = round(round((out[i] as number) + upper) / 2);
        }
      }
    }
    return [tensor(dtype, [rows, 1], out, gone.includes(1) ? gone : undefined)];
  },
  plain: (_, b, [x, weight]) => [inOnnx(b, x as Plane, weight?.data ?? null, newest)],
  express: (node, b, opsets) => {
    if ((opsets.get('') ?? 0) < 11)
      return refuse('express/not-at-opset', 'TopK sorts downwards alone before opset 11');
    const [x, weight] = node.inputs as readonly [Value, Value | null | undefined];
    return missingInput(node) ?? [inOnnx(b, { data: x, missing: null }, weight ?? null, opsets).data];
  },
  rows: () => 'each',
};

/** The first of the elements in order at which half of their weight is reached. */
const halfway = (sorted: readonly number[], weights: Float64Array, round: (x: number) => number): number => {
  const sums: number[] = [];
  for (const k of sorted) sums.push(round((sums[sums.length - 1] ?? 0) + (weights[k] as number)));
  const half = round((sums[sums.length - 1] as number) / 2);
  return sorted[
    Math.max(
      0,
      sums.findIndex((s) => s >= half),
    )
  ] as number;
};

/** The same in ONNX operators: missing elements are sorted to the end, and weigh nothing. */
const inOnnx = (b: Builder, { data: x, missing }: Plane, weight: Value | null, opsets: Opsets): Plane => {
  const dtype = dtypeOf(x) as DType;
  const known = x.type.kind === 'tensor' ? x.type.dims?.[1] : null;
  const width =
    typeof known === 'number'
      ? literal(b, 'int64', [known])
      : b.op('Gather', [b.op('Shape', [x]), literal(b, 'int64', [1])], { axis: attr.int(0) });
  const filled = missing ? b.op('Where', [missing, literal(b, dtype, Infinity), x]) : x;
  const [sorted, order] = b.call(['', 'TopK'], [filled, width], {
    attributes: { axis: attr.int(1), largest: attr.int(0), sorted: attr.int(1) },
    outputs: [b.unique('sorted'), b.unique('order')],
  }) as readonly [Value, Value];
  const pick = (index: Value) => b.op('GatherElements', [sorted, index], { axis: attr.int(1) });
  const present = missing
    ? cast(b, not(b, missing), 'int32')
    : b.op('Expand', [literal(b, 'int32', 1), b.op('Shape', [x])]);
  const count = cast(b, reduce(b, 'ReduceSum', present, 1, opsets, true), 'int64');
  const zero = literal(b, 'int64', 0);
  const middle = (): Value => {
    const two = literal(b, 'int64', 2);
    const one = literal(b, 'int64', 1);
    const lower = b.op('Div', [b.op('Max', [b.op('Sub', [count, one]), zero]), two]);
    // Of K elements K / 2 is the last index at most, but where K is 1 and none is missing.
    const upper = b.op('Min', [b.op('Div', [count, two]), b.op('Sub', [width, one])]);
    const [low, high] = [pick(lower), pick(upper)];
    const mean = b.op('Div', [b.op('Add', [low, high]), literal(b, dtype, 2)]);
    const odd = b.op('Equal', [b.op('Mod', [count, two]), one]);
    return b.op('Where', [odd, low, mean]);
  };
  const weighted = (weights: Value): Value => {
    const everywhere = b.op('Expand', [weights, b.op('Shape', [x])]);
    const counted = missing ? b.op('Where', [missing, literal(b, dtype, 0), everywhere]) : everywhere;
    const inOrder = b.op('GatherElements', [counted, order], { axis: attr.int(1) });
    const sums = b.op('CumSum', [inOrder, literal(b, 'int64', 1)]);
    const total = b.op('Gather', [sums, literal(b, 'int64', [-1])], { axis: attr.int(1) });
    const reached = b.op('GreaterOrEqual', [sums, b.op('Div', [total, literal(b, dtype, 2)])]);
    return pick(b.op('ArgMax', [cast(b, reached, 'int32')], { axis: attr.int(1), keepdims: attr.int(1) }));
  };
  const value = weight ? weighted(weight) : middle();
  const nan = b.op('IsNaN', [filled]);
  const anyNaN = cast(b, reduce(b, 'ReduceMax', cast(b, nan, 'int32'), 1, opsets, true), 'bool');
  return {
    data: b.op('Where', [anyNaN, literal(b, dtype, Number.NaN), value]),
    missing: missing && b.op('Equal', [count, zero]),
  };
};
