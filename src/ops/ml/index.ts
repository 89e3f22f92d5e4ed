/** Operators of ai.onnx.ml, one line each. */
import type { Operator } from '../operator.ts';

export const ml: readonly Operator[] = [];
