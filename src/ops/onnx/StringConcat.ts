import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { binary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';

/** The strings of the second input behind those of the first. ONNX Operators, StringConcat. */
export const StringConcat: Operator = {
  domain: '',
  name: 'StringConcat',
  since: [20],
  infer: inferElementwise(['string']),
  evaluate: ([a, b], node) => [binary(a as Tensor, b as Tensor, node, (x: string, y: string) => x + y)],
  lower: lowerTo('concat'),
  rows: rowsEach,
};
