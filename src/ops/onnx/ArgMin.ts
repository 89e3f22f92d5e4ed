import type { Operator } from '../operator.ts';
import { argument } from './argument.ts';

/** The index of the smallest element along an axis. ONNX Operators, ArgMin. */
export const ArgMin: Operator = argument('ArgMin', 'argmin', (x, y) => x < y);
