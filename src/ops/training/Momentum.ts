import { stringOf } from '../../ir/attributes.ts';
import { type Operator, refused } from '../operator.ts';
import { optimizer, regularized } from './optimizer.ts';

/**
 * X − R · V with the momentum V ← alpha · V + beta · G, beta being 1 in the first update (T = 0); `nesterov` goes on to
 * G + alpha · V. G has the gradient of the regularisation in it. ai.onnx.preview.training, Momentum 1.
 */
export const Momentum: Operator = optimizer('Momentum', 1, (step, [x, g, v]) => {
  if (!x || !g || !v) return refused(step.node, 'a tensor is missing');
  const { rate, later, constant, attribute, call } = step;
  const gradient = regularized(step, x, g);
  const alpha = attribute('alpha');
  const beta = later(attribute('beta'), constant(1));
  const momentum = call('Add', call('Mul', alpha, v), call('Mul', beta, gradient));
  const mode = stringOf(step.node, 'mode');
  if (mode !== 'standard' && mode !== 'nesterov') return refused(step.node, `there is no mode '${mode}'`);
  const direction = mode === 'nesterov' ? call('Add', gradient, call('Mul', alpha, momentum)) : momentum;
  return [call('Sub', x, call('Mul', rate, direction)), momentum];
});
