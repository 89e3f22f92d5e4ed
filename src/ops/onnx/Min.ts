import { isBig } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { chosen } from './earlier.ts';
import { pairedElements } from './elements.ts';
import { binary, inferElementwise, lowerFromLeft, rowsEach } from './elementwise.ts';
import { withoutBroadcast } from './expansion.ts';
import { smaller } from './symbols.ts';

const big = (x: bigint, y: bigint): bigint => (x < y ? x : y);

/** The smallest of the inputs, element by element; NaN where one is NaN. ONNX Operators, Min. */
export const Min: readonly Operator[] = [
  {
    domain: '',
    name: 'Min',
    since: [8, 12, 13],
    infer: inferElementwise(numeric),
    elements: pairedElements((...all) => all.reduce(smaller)),
    evaluate: (inputs, node) => [
      (inputs as readonly Tensor[]).reduce((a, b) =>
        isBig(a.dtype) ? binary(a, b, node, big) : binary(a, b, node, Math.min),
      ),
    ],
    lower: lowerFromLeft('min'),
    carriers: whereHeld,
    express: (node, b) => chosen(node, b, 'Less'),
    rows: rowsEach,
  },
  withoutBroadcast('Min', [1, 6]),
];
