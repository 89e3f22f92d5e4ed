import { intOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import { fits } from '../../ir/shape.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { concat, literal } from '../ml/build.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { again } from './planes.ts';
import { apply, loop } from './rows.ts';
import { arity, floats, matrixInput, vectorInput } from './types.ts';
import { dtypeOf, missingInput, sumInOrder, where } from './where.ts';

const classesOf = (node: Node): number => {
  const classes = intOf(node, 'classes');
  return Number.isInteger(classes) && classes > 0 ? classes : refused(node, `classes is ${classes}`);
};

/**
 * For each class the sum, in the order of the columns and from 0 on, each addition rounded to T, of the weights of the
 * columns that name it: class int32? `[N, K]`, weight T `[K]` or `[N, K]`, gives T `[N, classes]`. A class that is missing
 * or out of range counts for none.
 */
export const Tally: Operator = {
  domain: OWN,
  name: 'Tally',
  since: [1],
  infer: (node) => {
    arity(node, 2);
    const names = tensorInput(node, 0, ['int32']);
    if (names.dims !== null && names.dims.length !== 2) refused(node, 'class must have two axes, [N, K]');
    const width = names.dims?.[1] ?? null;
    const weight = tensorInput(node, 1, floats);
    if (weight.dims?.length === 1) vectorInput(node, 1, width, floats);
    else if (!fits(matrixInput(node, 1, floats), { ...weight, dims: names.dims })) {
      refused(node, 'the weights are not so many as the classes');
    }
    return [tensorType(weight.dtype, [names.dims?.[0] ?? null, classesOf(node)])];
  },
  evaluate: ([names, weight], node) => {
    const { data, missing, dims } = names as Tensor;
    const { dtype, data: weights, dims: shape } = weight as Tensor;
    const [rows, width] = dims as [number, number];
    const classes = classesOf(node);
    const round = rounder(dtype);
    const own = shape.length === 2;
    const out = column(dtype, rows * classes) as Float64Array;
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < width; k++) {
        const c = data[i * width + k] as number;
        if (missing?.[i * width + k] || c < 0 || c >= classes) continue;
        const at = i * classes + c;
        out[at] = round((out[at] as number) + (weights[own ? i * width + k : k] as number));
      }
    }
    return [tensor(dtype, [rows, classes], out)];
  },
  plain: (node, b, inputs) => {
    const [names, weight] = inputs as readonly [Plane, Plane];
    // No class is -1.
    const known = names.missing ? where(b, names.missing, literal(b, 'int32', -1), names.data) : names.data;
    return [{ data: again(node, b, [known, weight.data]), missing: null }];
  },
  express: (node, b, opsets) => {
    const refusal = missingInput(node);
    if (refusal) return refusal;
    const [names, weight] = node.inputs as readonly [Value, Value];
    const none = literal(b, dtypeOf(weight) as DType, 0);
    const sums: Value[] = [];
    for (let c = 0; c < classesOf(node); c++) {
      // What is not voted for adds 0, which changes nothing.
      const votes = b.op('Where', [b.op('Equal', [names, literal(b, 'int32', c)]), weight, none]);
      const sum = sumInOrder(b, votes, opsets);
      if (isRefusal(sum)) return sum;
      sums.push(sum);
    }
    return [concat(b, sums)];
  },
  lower: (node, inputs) => {
    const [names, weight] = inputs as readonly [Lowered, Lowered];
    const { dtype } = weight;
    const zero: Row = { k: 'const', dtype, value: 0 };
    const element = (c: Row): Row => {
      const index = loop();
      const k: Row = { k: 'index', loop: index };
      return {
        k: 'fold',
        loop: index,
        over: names.dims.at(-1) as number,
        with: 'sum',
        start: zero,
        // What names another class adds 0, which changes nothing.
        body: {
          k: 'choose',
          when: [apply('eq', 'bool', names.element(k), c)],
          then: [weight.element(k)],
          otherwise: zero,
        },
        dtype,
        ordered: true,
      };
    };
    return [{ dtype, dims: [classesOf(node)], element }];
  },
  rows: () => 'each',
};
