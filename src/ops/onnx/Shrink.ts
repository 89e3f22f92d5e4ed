import { dtypeInfo } from '../../tensor/dtype.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { activation } from './activation.ts';
import { numeric } from './constraints.ts';

/**
 * x + bias below -lambd, x - bias above lambd, 0 between, and for NaN; both attributes are brought into the dtype first.
 * ONNX Operators, Shrink. Nothing unsigned is below -lambd.
 */
export const Shrink: Operator = activation(
  'Shrink',
  [9],
  ({ x, node, number, attribute, call }) => {
    const [lambd, bias] = [attribute('lambd', 0.5), attribute('bias', 0)];
    const above = [call('Less', lambd, x), call('Sub', x, bias), number(0)] as const;
    if (dtypeInfo(tensorInput(node, 0).dtype).kind === 'uint') return ['Where', ...above];
    const below = call('Less', x, call('Neg', lambd));
    return ['Where', below, call('Add', x, bias), call('Where', ...above)];
  },
  numeric.filter((d) => d !== 'bfloat16'),
);
