import { isBig, isInteger } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { quotient } from './arithmetic.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { binary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';
import { divided } from './symbols.ts';

/**
 * C = A / B, element by element. Integers are cut towards zero; dividing them by zero is undefined in the standard,
 * and gives 0 here. ONNX Operators, Div.
 */
export const Div: readonly Operator[] = [
  {
    domain: '',
    name: 'Div',
    since: [7, 13, 14],
    infer: inferElementwise(numeric),
    elements: pairedElements(divided),
    evaluate: (inputs, node) => {
      const [a, b] = inputs as readonly [Tensor, Tensor];
      if (isBig(a.dtype)) return [binary(a, b, node, (x: bigint, y: bigint) => (y === 0n ? 0n : x / y))];
      if (isInteger(a.dtype)) {
        return [binary(a, b, node, (x: number, y: number) => (y === 0 ? 0 : Math.trunc(x / y)))];
      }
      return [binary(a, b, node, quotient)];
    },
    lower: lowerTo('div'),
    express: toOneSided,
    carriers: whereHeld,
    rows: rowsEach,
  },
  oneSided('Div', [1, 6]),
];
