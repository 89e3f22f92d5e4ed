/** Our own operators, one line each. */
import type { Operator } from '../operator.ts';
import { IsMissing } from './IsMissing.ts';

export const own: readonly Operator[] = [IsMissing];
