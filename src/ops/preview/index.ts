/** Operators of ai.onnx.preview, one line each. */
import type { Operator } from '../operator.ts';
import { FlexAttention } from './FlexAttention.ts';

export const preview: readonly Operator[] = [FlexAttention];
