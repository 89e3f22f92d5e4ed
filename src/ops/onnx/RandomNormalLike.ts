import type { Operator } from '../operator.ts';
import { normal } from './RandomNormal.ts';
import { drawingLike } from './random.ts';

/** Elements drawn from a normal distribution, in the shape of the input. ONNX Operators, RandomNormalLike. */
export const RandomNormalLike: Operator = drawingLike('RandomNormalLike', normal);
