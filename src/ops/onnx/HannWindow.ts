import type { Operator } from '../operator.ts';
import { cosineWindow } from './cosineWindow.ts';

/** ½ - ½ cos(2πn / N). ONNX Operators, HannWindow. */
export const HannWindow: Operator = cosineWindow('HannWindow', [0.5, 0.5, 0]);
