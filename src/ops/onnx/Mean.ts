import type { Operator } from '../operator.ts';
import { stepsOf } from './activation.ts';
import { floats } from './constraints.ts';
import { inferElementwise, rowsEach } from './elementwise.ts';
import { finish, withoutBroadcast } from './expansion.ts';

/** Sum, divided by how many inputs there are. ONNX Operators, Mean. */
export const Mean: readonly Operator[] = [
  {
    domain: '',
    name: 'Mean',
    since: [8, 13],
    infer: inferElementwise(floats),
    expand: (node, b) =>
      finish(node, b, 'Div', [b.op('Sum', node.inputs), stepsOf(node, b).number(node.inputs.length)]),
    rows: rowsEach,
  },
  withoutBroadcast('Mean', [1, 6]),
];
