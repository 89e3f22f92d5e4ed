import { type Operator, refused } from '../operator.ts';
import { optimizer, regularized } from './optimizer.ts';

/**
 * X − r · G / (√H + epsilon) with H ← H + G², the gradients squared so far, and the rate r = R / (1 + T · decay_factor).
 * G has the gradient of the regularisation in it. ai.onnx.preview.training, Adagrad 1.
 */
export const Adagrad: Operator = optimizer('Adagrad', 1, (step, [x, g, h]) => {
  if (!x || !g || !h) return refused(step.node, 'a tensor is missing');
  const { constant, attribute, call } = step;
  const decay = call('Add', constant(1), call('Mul', step.count, attribute('decay_factor', 0)));
  const rate = call('Div', step.rate, decay);
  const gradient = regularized(step, x, g, 0);
  const squares = call('Add', h, call('Mul', gradient, gradient));
  const adaptive = call('Add', call('Sqrt', squares), attribute('epsilon', 1e-6));
  return [call('Sub', x, call('Div', call('Mul', rate, gradient), adaptive)), squares];
});
