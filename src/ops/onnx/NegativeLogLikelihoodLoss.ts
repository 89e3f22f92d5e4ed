import { attr, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { floats } from './constraints.ts';
import { finish, number, vector } from './expansion.ts';
import { inferLoss, reductionOf } from './loss.ts';
import { castTo } from './normalization.ts';

/**
 * −input[n, c, …] · weight[c] where c is the class that the target names, 0 where it is `ignore_index`; then the sum, or
 * the mean: divided by the sum of the weights met, each 1 where no weights are given and 0 where a target is ignored.
 * ONNX Operators, NegativeLogLikelihoodLoss, and its function body, which says what the text leaves open: without weights
 * too, what is ignored does not count in a mean.
 */
export const NegativeLogLikelihoodLoss: Operator = {
  domain: '',
  name: 'NegativeLogLikelihoodLoss',
  since: [12, 13, 22],
  infer: (node) => {
    const { dtype } = tensorInput(node, 0, floats);
    return [tensorType(dtype, inferLoss(node))];
  },
  expand: (node, b) => {
    const [input, target, weight] = node.inputs as readonly [Value, Value, Value | null | undefined];
    const { dtype } = tensorInput(node, 0);
    const ignored = ignoredOf(node, b, target);
    const zero = number(b, dtype, 0);
    const classes = ignored
      ? b.op('Where', [ignored, number(b, tensorInput(node, 1).dtype, 0), target])
      : target;
    const perClass = vector(b, [1]);
    const gathered = b.op('Squeeze', [
      b.op('GatherElements', [input, b.op('Unsqueeze', [classes, perClass])], { axis: attr.int(1) }),
      perClass,
    ]);
    const plain = b.op('Neg', [ignored ? b.op('Where', [ignored, zero, gathered]) : gathered]);
    const met = weight ? b.op('Gather', [weight, classes]) : ignored && number(b, dtype, 1);
    const weights = met && (ignored ? b.op('Where', [ignored, zero, met]) : met);
    const loss = weights ? b.op('Mul', [plain, weights]) : plain;
    const whole = (x: Value): Value => b.op('ReduceSum', [x], { keepdims: attr.int(0) });
    switch (reductionOf(node)) {
      case 'none':
        return [loss];
      case 'sum':
        return [whole(loss)];
      case 'mean':
        return weights
          ? finish(node, b, 'Div', [whole(loss), whole(weights)])
          : finish(node, b, 'ReduceMean', [loss], { keepdims: attr.int(0) });
    }
  },
};

/** Where the target is `ignore_index`; undefined where nothing is ever ignored. */
const ignoredOf = (node: Node, b: Builder, target: Value): Value | undefined =>
  node.attributes.has('ignore_index')
    ? b.op('Equal', [castTo(b, target, 'int64'), number(b, 'int64', intOf(node, 'ignore_index'))])
    : undefined;
