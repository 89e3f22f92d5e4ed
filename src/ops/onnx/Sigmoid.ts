import type { Lowered, Row } from '../../kernel/row.ts';
import type { Operator } from '../operator.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, rowsEach } from './elementwise.ts';
import { inDouble } from './rounding.ts';

/** y = 1 / (1 + e^-x), computed in double precision and rounded once. ONNX Operators, Sigmoid. */
export const Sigmoid: Operator = {
  domain: '',
  name: 'Sigmoid',
  since: [1, 6, 13],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary((x) => 1 / (1 + Math.exp(-x))),
  lower: (_, inputs) => {
    const { dtype, dims, element } = inputs[0] as Lowered;
    const double = (fn: 'neg' | 'exp' | 'add' | 'div', ...args: Row[]): Row => ({
      k: 'apply',
      fn,
      dtype: 'float64',
      args,
    });
    const one: Row = { k: 'const', dtype: 'float64', value: 1 };
    const sigmoid = (x: Row) => double('div', one, double('add', one, double('exp', double('neg', x))));
    return [{ dtype, dims, element: (index) => inDouble(dtype, element(index), sigmoid) }];
  },
  carriers: inDoubles,
  rows: rowsEach,
};
