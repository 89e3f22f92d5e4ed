import { stringOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { compileRegex } from '../regex.ts';
import { rowsEach, unary } from './elementwise.ts';

/** Does the pattern, in RE2's syntax and time, match all of the string? ONNX Operators, RegexFullMatch. */
export const RegexFullMatch: Operator = {
  domain: '',
  name: 'RegexFullMatch',
  since: [20],
  infer: (node) => {
    const { dims } = tensorInput(node, 0, ['string']);
    compiled(node);
    return [tensorType('bool', dims)];
  },
  evaluate: ([x], node) => {
    const pattern = compiled(node);
    return [unary(x as Tensor, (text: string) => pattern.matches(text), 'bool')];
  },
  rows: rowsEach,
};

const compiled = (node: Node) => compileRegex(node, stringOf(node, 'pattern'));
