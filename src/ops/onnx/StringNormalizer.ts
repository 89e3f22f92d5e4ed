import { intOf, stringOf, stringsOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';

/** What becomes of the letters. Unicode's own mapping: of locales only `en_US` and its like are the same everywhere. */
const changing = (node: Node): ((text: string) => string) => {
  const action = stringOf(node, 'case_change_action', 'NONE');
  switch (action) {
    case 'NONE':
      return (text) => text;
    case 'LOWER':
      return (text) => text.toLowerCase();
    case 'UPPER':
      return (text) => text.toUpperCase();
    default:
      return refused(node, `there is no case_change_action '${action}'`);
  }
};

/**
 * The strings without the stop words, in lower or upper case if asked for; one empty string where none is left. Takes
 * [C] or [1, C]. ONNX Operators, StringNormalizer.
 */
export const StringNormalizer: Operator = {
  domain: '',
  name: 'StringNormalizer',
  since: [10],
  infer: (node) => {
    const { dims } = tensorInput(node, 0, ['string']);
    if (dims === null) return [tensorType('string', null)];
    const odd = dims.length === 2 ? typeof dims[0] === 'number' && dims[0] !== 1 : dims.length !== 1;
    if (odd) refused(node, 'it takes strings in the shape [C] or [1, C]');
    // How many are left is known only where there are no stop words.
    const left = stringsOf(node, 'stopwords')?.length ? null : (dims.at(-1) ?? null);
    return [tensorType('string', dims.length === 2 ? [1, left === 0 ? 1 : left] : [left === 0 ? 1 : left])];
  },
  evaluate: ([x], node) => {
    const { dims, data } = x as Tensor;
    if (dims.length > 1 && dims[0] !== 1) refused(node, `[${dims}] is not of the shape [C] or [1, C]`);
    const compare: (text: string) => string = intOf(node, 'is_case_sensitive', 0)
      ? (text) => text
      : (text) => text.toLowerCase();
    const stop = new Set((stringsOf(node, 'stopwords') ?? []).map(compare));
    const left = (data as string[]).filter((text) => !stop.has(compare(text))).map(changing(node));
    const said = left.length === 0 ? [''] : left;
    return [tensor('string', dims.length === 2 ? [1, said.length] : [said.length], said)];
  },
};
