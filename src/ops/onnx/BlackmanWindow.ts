import type { Operator } from '../operator.ts';
import { cosineWindow } from './cosineWindow.ts';

/** 0.42 - ½ cos(2πn / N) + 0.08 cos(4πn / N). ONNX Operators, BlackmanWindow. */
export const BlackmanWindow: Operator = cosineWindow('BlackmanWindow', [0.42, 0.5, 0.08]);
