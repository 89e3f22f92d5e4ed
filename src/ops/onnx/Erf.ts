import { erf } from '../../kernel/special.ts';
import type { Operator } from '../operator.ts';
import { erf as erfInSeries } from './analytic.ts';
import { inDoubles } from './carriers.ts';
import { floats } from './constraints.ts';
import { evaluateUnary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The error function. ONNX Operators, Erf (version 9 took integers too, which mean nothing here). */
export const Erf: Operator = {
  domain: '',
  name: 'Erf',
  since: [9, 13],
  infer: inferElementwise(floats),
  evaluate: evaluateUnary(erf),
  lower: lowerTo('erf'),
  carriers: inDoubles,
  express: erfInSeries,
  rows: rowsEach,
};
