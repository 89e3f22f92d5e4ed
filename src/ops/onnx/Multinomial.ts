import { intOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { floats, indices } from './constraints.ts';
import { asked } from './extents.ts';
import { dtypeOr, twisterOf } from './random.ts';

/** Of each row of log-probabilities, which need not add up to anything, `sample_size` classes drawn. ONNX Operators, Multinomial. */
export const Multinomial: Operator = {
  domain: '',
  name: 'Multinomial',
  since: [7, 22],
  pure: false,
  infer: (node) => {
    const { dims } = tensorInput(node, 0, floats);
    if (dims !== null && dims.length !== 2) refused(node, 'its input is [batch, classes]');
    return [
      tensorType(dtypeOr(node, 'int32', indices), [dims?.[0] ?? null, ...asked(node, [samplesOf(node)])]),
    ];
  },
  evaluate: ([x], node) => {
    const { dims, data } = x as Tensor;
    const [batch, classes] = dims as [number, number];
    const samples = samplesOf(node);
    asked(node, [batch, samples]);
    const from = twisterOf(node);
    const out: number[] = [];
    for (let row = 0; row < batch; row++) {
      const logs = (data as Float64Array).subarray(row * classes, (row + 1) * classes);
      const below = cumulated(node, logs);
      const total = below[classes - 1] as number;
      for (let s = 0; s < samples; s++) out.push(firstAbove(below, from.uniform() * total));
    }
    return [tensorOf(dtypeOr(node, 'int32', indices), [batch, samples], out)];
  },
};

const samplesOf = (node: Node): number => intOf(node, 'sample_size', 1);

/** For each class the probability, up to a factor, of it and those before it. */
const cumulated = (node: Node, logs: ArrayLike<number>): Float64Array => {
  const most = Array.from(logs).reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(most)) refused(node, 'a row of log-probabilities has no class that could be drawn');
  let sum = 0;
  return Float64Array.from(logs, (l) => {
    sum += Math.exp(l - most);
    return sum;
  });
};

const firstAbove = (ascending: Float64Array, x: number): number => {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) > x) high = middle;
    else low = middle + 1;
  }
  return low;
};
