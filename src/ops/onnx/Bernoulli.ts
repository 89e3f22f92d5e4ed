import { attr } from '../../ir/attributes.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { floats, numberOfDtype, numeric } from './constraints.ts';
import { finish } from './expansion.ts';
import { dtypeOr } from './random.ts';

/**
 * 1 with the probability that the input has, else 0. ONNX Operators, Bernoulli. Its text is followed: the function body
 * beside it compares the other way round, which gives 1 with probability 1 - p.
 */
export const Bernoulli: Operator = {
  domain: '',
  name: 'Bernoulli',
  since: [15, 22],
  pure: false,
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    return [tensorType(dtypeOr(node, dtype, [...numeric, 'bool']), dims)];
  },
  expand: (node, b) => {
    const [p] = node.inputs as readonly [Value];
    const { dtype } = tensorInput(node, 0, floats);
    const double = { to: attr.int(numberOfDtype('float64')) };
    const seed = node.attributes.get('seed');
    // In double precision, so that no draw is rounded up to 1.
    const u = b.op('RandomUniformLike', [p], { dtype: double.to, ...(seed && { seed }) });
    const to = numberOfDtype(dtypeOr(node, dtype, [...numeric, 'bool']));
    return finish(node, b, 'Cast', [b.op('Less', [u, b.op('Cast', [p], double)])], { to: attr.int(to) });
  },
};
