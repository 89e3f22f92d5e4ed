import { attr } from '../../ir/attributes.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { numberOfDtype } from './constraints.ts';
import { number } from './expansion.ts';

/**
 * X as uint8, with the scale and zero point that its own range, stretched to hold 0, asks for: y, y_scale, y_zero_point.
 * ONNX Operators, DynamicQuantizeLinear, by its function body.
 */
export const DynamicQuantizeLinear: Operator = {
  domain: '',
  name: 'DynamicQuantizeLinear',
  since: [11],
  infer: (node) => [
    tensorType('uint8', tensorInput(node, 0, ['float32']).dims),
    tensorType('float32', []),
    tensorType('uint8', []),
  ],
  expand: (node, b) => {
    const x = node.inputs[0] as Value;
    const [low, high] = [number(b, 'float32', 0), number(b, 'float32', 255)];
    const whole = { keepdims: attr.int(0) };
    const least = b.op('Min', [b.op('ReduceMin', [x], whole), low]);
    const most = b.op('Max', [b.op('ReduceMax', [x], whole), low]);
    const scale = b.op('Div', [b.op('Sub', [most, least]), high]);
    const start = b.op('Sub', [low, b.op('Div', [least, scale])]);
    const zero = b.op('Cast', [b.op('Round', [b.op('Clip', [start, low, high])])], {
      to: attr.int(numberOfDtype('uint8')),
    });
    return [b.op('QuantizeLinear', [x, scale, zero]), scale, zero];
  },
};
