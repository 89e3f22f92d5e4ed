import { stringOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { column } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused } from '../operator.ts';
import { apply, int, loop } from './rows.ts';
import { arity, floats, matrixInput, vectorInput } from './types.ts';
import { sumInOrder } from './where.ts';

/** Where the base value enters the sum. */
const baseOf = (node: Node): 'first' | 'last' => {
  const base = stringOf(node, 'base', 'last');
  return base === 'first' || base === 'last' ? base : refused(node, `base is '${base}'; it is first or last`);
};

/**
 * Sum over the columns of x `[N, K]`, in order, each addition rounded to T: from `base` on (`first`), or from 0 on and
 * `base` added at the end (`last`).
 */
export const Sum: Operator = {
  domain: OWN,
  name: 'Sum',
  since: [1],
  infer: (node) => {
    arity(node, 2, 1);
    baseOf(node);
    const x = matrixInput(node, 0, floats);
    if (node.inputs[1]) vectorInput(node, 1, 1, [x.dtype]);
    return [tensorType(x.dtype, [x.dims?.[0] ?? null, 1])];
  },
  evaluate: ([x, base], node) => {
    const { dtype, dims, data } = x as Tensor;
    const [rows, width] = dims as [number, number];
    const round = rounder(dtype);
    const values = data as Float64Array;
    const b = base ? (base.data[0] as number) : 0;
    const last = base && baseOf(node) === 'last';
    const start = last ? 0 : b;
    const out = column(dtype, rows) as Float64Array;
    for (let i = 0; i < rows; i++) {
      let sum = start;
      for (let k = i * width; k < (i + 1) * width; k++) sum = round(sum + (values[k] as number));
      out[i] = last ? round(sum + b) : sum;
    }
    return [tensor(dtype, [rows, 1], out)];
  },
  express: (node, b, opsets) => {
    const [x, base = null] = node.inputs as readonly [Value, Value | null | undefined];
    const first = baseOf(node) === 'first';
    const sum = sumInOrder(b, x, opsets, first ? base : null);
    if (isRefusal(sum)) return sum;
    return [base && !first ? b.op('Add', [sum, base]) : sum];
  },
  lower: (node, [x, base]) => {
    const { dtype, dims, element } = x as Lowered;
    const start = base ? base.element(int(0)) : null;
    const last = start && baseOf(node) === 'last';
    const index = loop();
    const sum: Row = {
      k: 'fold',
      loop: index,
      over: dims.at(-1) as number,
      with: 'sum',
      start: start && !last ? start : { k: 'const', dtype, value: 0 },
      body: element({ k: 'index', loop: index }),
      dtype,
      ordered: true,
    };
    return [{ dtype, dims: [1], element: () => (last ? apply('add', dtype, sum, start) : sum) }];
  },
  rows: () => 'each',
};
