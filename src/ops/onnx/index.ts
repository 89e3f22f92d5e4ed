/** Operators of the default domain, one line each. */
import type { Operator } from '../operator.ts';
import { Add } from './Add.ts';

export const onnx: readonly Operator[] = [Add];
