import { floatOf } from '../../ir/attributes.ts';
import type { Operator } from '../operator.ts';
import { type Distribution, drawing } from './random.ts';

/** Evenly from `low` up to `high`, which only rounding to the dtype reaches. */
export const uniform: Distribution = (node, from) => {
  const [low, high] = [floatOf(node, 'low', 0), floatOf(node, 'high', 1)];
  return () => low + (high - low) * from.uniform();
};

/** Elements drawn evenly between two bounds, in a shape that is given. ONNX Operators, RandomUniform. */
export const RandomUniform: Operator = drawing('RandomUniform', uniform);
