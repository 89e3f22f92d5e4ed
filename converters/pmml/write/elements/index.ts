/** The elements that a part of a graph can become, in the order in which they are tried. */
import type { Recognise } from './part.ts';
import { RegressionModel } from './RegressionModel.ts';

export const recognisers: readonly Recognise[] = [RegressionModel];
