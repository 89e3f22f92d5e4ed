import type { Lowered, Row } from '../../kernel/row.ts';
import type { Operator } from '../operator.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, rowsEach } from './elementwise.ts';
import { inDouble } from './rounding.ts';

/** ln(e^x + 1) as max(x, 0) + ln(1 + e^-|x|): e^x may be too large, or vanish beside 1. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** ln(e^x + 1), computed in double precision and rounded once. ONNX Operators, Softplus. */
export const Softplus: Operator = {
  domain: '',
  name: 'Softplus',
  since: [1, 22],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(softplus),
  lower: (_, inputs) => {
    const { dtype, dims, element } = inputs[0] as Lowered;
    const double = (fn: 'add' | 'max' | 'log1p' | 'exp' | 'neg' | 'abs', ...args: Row[]): Row => ({
      k: 'apply',
      fn,
      dtype: 'float64',
      args,
    });
    const zero: Row = { k: 'const', dtype: 'float64', value: 0 };
    const curve = (x: Row) =>
      double('add', double('max', x, zero), double('log1p', double('exp', double('neg', double('abs', x)))));
    return [{ dtype, dims, element: (index) => inDouble(dtype, element(index), curve) }];
  },
  carriers: inDoubles,
  rows: rowsEach,
};
