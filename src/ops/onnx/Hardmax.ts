import { attr, intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { alongAxis } from './alongAxis.ts';
import { finish, vector } from './expansion.ts';

/** 1 for the first largest element along the axis, 0 for all others. ONNX Operators, Hardmax. */
export const Hardmax: readonly Operator[] = alongAxis('Hardmax', {
  expand: (node, b) => {
    const [x] = node.inputs as readonly [Value];
    const { dtype, dims } = tensorInput(node, 0);
    const axis = intOf(node, 'axis', -1);
    if (dims === null && axis >= 0) return refuse('ops/rank-needed', 'the rank of its input is not known');
    const from = axis < 0 ? axis : axis - (dims?.length ?? 0);
    const best = b.op('ArgMax', [x], { axis: attr.int(axis), keepdims: attr.int(0) });
    const depth =
      typeof dims?.at(from) === 'number'
        ? vector(b, [dims.at(from) as number])
        : b.op('Gather', [b.op('Shape', [x]), vector(b, [from])]);
    const values = b.constant(constant(dtype, [0, 1]));
    return finish(node, b, 'OneHot', [best, depth, values], { axis: attr.int(from) });
  },
});
