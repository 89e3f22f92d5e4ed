import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { product } from './arithmetic.ts';
import { whereWrapped } from './carriers.ts';
import { numeric } from './constraints.ts';
import { pairedElements } from './elements.ts';
import { binary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';
import { times } from './symbols.ts';

/** C = A * B, element by element; integers wrap. ONNX Operators, Mul. */
export const Mul: readonly Operator[] = [
  {
    domain: '',
    name: 'Mul',
    since: [7, 13, 14],
    infer: inferElementwise(numeric),
    elements: pairedElements(times),
    evaluate: (inputs, node) => {
      const [a, b] = inputs as readonly [Tensor, Tensor];
      // The product of two 32-bit integers may pass 2^53; imul keeps its lowest 32 bits exactly.
      const wraps = a.dtype === 'int32' || a.dtype === 'uint32';
      return [binary(a, b, node, wraps ? Math.imul : product)];
    },
    lower: lowerTo('mul'),
    express: toOneSided,
    carriers: whereWrapped,
    rows: rowsEach,
  },
  oneSided('Mul', [1, 6]),
];
