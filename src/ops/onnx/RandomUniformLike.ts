import type { Operator } from '../operator.ts';
import { uniform } from './RandomUniform.ts';
import { drawingLike } from './random.ts';

/** Elements drawn evenly between two bounds, in the shape of the input. ONNX Operators, RandomUniformLike. */
export const RandomUniformLike: Operator = drawingLike('RandomUniformLike', uniform);
