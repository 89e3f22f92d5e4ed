import { RE2JS } from 're2js';
import { stringOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
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

const compiled = (node: Node): RE2JS => {
  const pattern = stringOf(node, 'pattern');
  try {
    return RE2JS.compile(pattern);
  } catch (e) {
    return refused(node, `/${pattern}/ is no regular expression of RE2: ${(e as Error).message}`);
  }
};
