import type { Operator } from '../operator.ts';
import { argument } from './argument.ts';

/** The index of the largest element along an axis. ONNX Operators, ArgMax. */
export const ArgMax: Operator = argument('ArgMax', 'argmax', (x, y) => x > y);
