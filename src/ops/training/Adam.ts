import { type Operator, refused } from '../operator.ts';
import { optimizer, regularized } from './optimizer.ts';

/**
 * (1 − norm_coefficient_post) · (X − r · V / (√H + epsilon)) with running averages of the gradient, V ← alpha · V +
 * (1 − alpha) · G, and of its square, H ← beta · H + (1 − beta) · G². The rate r is R · √(1 − beta^T) / (1 − alpha^T), and
 * R itself while T = 0. G has the gradient of the regularisation in it. ai.onnx.preview.training, Adam 1.
 */
export const Adam: Operator = optimizer('Adam', 2, (step, [x, g, v, h]) => {
  if (!x || !g || !v || !h) return refused(step.node, 'a tensor is missing');
  const { later, constant, attribute, call, count } = step;
  const one = constant(1);
  const [alpha, beta] = [attribute('alpha', 0.9), attribute('beta', 0.999)];
  const gradient = regularized(step, x, g, 0);
  const momentum = call('Add', call('Mul', alpha, v), call('Mul', call('Sub', one, alpha), gradient));
  const fresh = call('Mul', call('Mul', call('Sub', one, beta), gradient), gradient);
  const squares = call('Add', call('Mul', beta, h), fresh);
  const root = call('Add', call('Sqrt', squares), attribute('epsilon', 1e-6));
  const corrected = call(
    'Div',
    call('Mul', step.rate, call('Sqrt', call('Sub', one, call('Pow', beta, count)))),
    call('Sub', one, call('Pow', alpha, count)),
  );
  const rate = later(corrected, step.rate);
  const moved = call('Sub', x, call('Div', call('Mul', rate, momentum), root));
  const kept = call('Sub', one, attribute('norm_coefficient_post', 0));
  return [call('Mul', kept, moved), momentum, squares];
});
