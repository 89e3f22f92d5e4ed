import { refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import type { Operator } from '../operator.ts';
import { stepsOf } from './activation.ts';
import { dimsOf } from './axes.ts';
import { floats } from './constraints.ts';
import { inferElementwise, rowsEach } from './elementwise.ts';
import { finish, vector } from './expansion.ts';

/** slope * x below 0, else x; the slope is broadcast to x. ONNX Operators, PRelu. */
export const PRelu: readonly Operator[] = [
  {
    domain: '',
    name: 'PRelu',
    since: [7, 9, 16],
    infer: inferElementwise([...floats, 'uint32', 'uint64', 'int32', 'int64']),
    expand: (node, b) => {
      const { x, number, call } = stepsOf(node, b);
      const slope = node.inputs[1] as Value;
      return finish(node, b, 'Where', [call('Less', x, number(0)), call('Mul', slope, x), x]);
    },
    rows: rowsEach,
  },
  {
    domain: '',
    name: 'PRelu',
    // One slope for all, or one a channel: channels are axis 1.
    since: [1, 6],
    infer: (node) => [node.inputs[0]?.type ?? { kind: 'unknown' }],
    expand: (node, b) => {
      const [x, slope] = node.inputs as readonly [Value, Value];
      const rank = dimsOf(x)?.length;
      const dims = dimsOf(slope);
      if (rank === undefined || dims === null) {
        return refuse('ops/rank-needed', 'slopes of channels need the ranks of both inputs');
      }
      const shared = dims.length !== 1 || dims[0] === 1 || rank < 3;
      const axes = Array.from({ length: rank - 2 }, (_, i) => i + 1);
      return finish(node, b, 'PRelu', [x, shared ? slope : b.op('Unsqueeze', [slope, vector(b, axes)])]);
    },
    rows: rowsEach,
  },
];
