import type { Operator } from '../operator.ts';
import { cosineWindow } from './cosineWindow.ts';

/** α - (1 - α) cos(2πn / N), α being 25/46. ONNX Operators, HammingWindow. */
export const HammingWindow: Operator = cosineWindow('HammingWindow', [25 / 46, 1 - 25 / 46, 0]);
