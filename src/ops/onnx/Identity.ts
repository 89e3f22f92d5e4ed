import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { sameElements } from './elements.ts';

/** The input itself, whatever its type. ONNX Operators, Identity. */
export const Identity: Operator = {
  domain: '',
  name: 'Identity',
  since: [1, 13, 14, 16, 19, 21, 23, 24, 25],
  infer: (node) => [node.inputs[0]?.type ?? { kind: 'unknown' }],
  elements: sameElements,
  evaluate: ([x]) => [x ?? null],
  // From 14 on sequences, from 16 on optionals too.
  apply: ([x]) => [x ?? null],
  lower: (_, [x]) => [x ?? null],
  carriers: whereHeld,
  rows: () => 'each',
};
