import { floatOf } from '../../ir/attributes.ts';
import type { Operator } from '../operator.ts';
import { type Distribution, drawing } from './random.ts';

/** Normally, around `mean` with the deviation `scale`. */
export const normal: Distribution = (node, from) => {
  const [mean, scale] = [floatOf(node, 'mean', 0), floatOf(node, 'scale', 1)];
  return () => mean + scale * from.normal();
};

/** Elements drawn from a normal distribution, in a shape that is given. ONNX Operators, RandomNormal. */
export const RandomNormal: Operator = drawing('RandomNormal', normal);
