import type { Value } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { sum } from './arithmetic.ts';
import { floats } from './constraints.ts';
import { binary, inferElementwise, lowerFromLeft, rowsEach } from './elementwise.ts';
import { withoutBroadcast } from './expansion.ts';

/** The sum of the inputs, element by element, from the left; each addition rounds. ONNX Operators, Sum. */
export const Sum: readonly Operator[] = [
  {
    domain: '',
    name: 'Sum',
    since: [8, 13],
    infer: inferElementwise(floats),
    evaluate: (inputs, node) => [(inputs as readonly Tensor[]).reduce((a, b) => binary(a, b, node, sum))],
    lower: lowerFromLeft('add'),
    express: (node, b) => {
      // Before 8 its shapes had to be one.
      const [first, ...others] = node.inputs as readonly [Value, ...Value[]];
      return [others.reduce((before, x) => b.op('Add', [before, x]), first)];
    },
    rows: rowsEach,
  },
  withoutBroadcast('Sum', [1, 6]),
];
