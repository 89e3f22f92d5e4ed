import { intOf, stringOf } from '../../ir/attributes.ts';
import { type Node, type Type, tensorType } from '../../ir/model.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';

/**
 * Each string cut at a delimiter, or at runs of white space, into the parts along a new last axis, padded with empty
 * strings; and how many parts each has. ONNX Operators, StringSplit. White space is Unicode's.
 */
export const StringSplit: Operator = {
  domain: '',
  name: 'StringSplit',
  since: [20],
  infer: (node): readonly Type[] => {
    const { dims } = tensorInput(node, 0, ['string']);
    const parts = dims?.includes(0) ? 0 : null;
    return [tensorType('string', dims && [...dims, parts]), tensorType('int64', dims)].slice(
      0,
      node.outputs.length,
    );
  },
  evaluate: ([x], node) => {
    const { dims, data } = x as Tensor;
    const cut = cutting(node);
    const parts = (data as string[]).map(cut);
    const most = parts.reduce((n, p) => Math.max(n, p.length), 0);
    const out = parts.flatMap((p) => [...p, ...new Array<string>(most - p.length).fill('')]);
    return [
      tensor('string', [...dims, most], out),
      tensor(
        'int64',
        dims,
        BigInt64Array.from(parts, (p) => BigInt(p.length)),
      ),
    ];
  },
};

const cutting = (node: Node): ((text: string) => readonly string[]) => {
  const delimiter = stringOf(node, 'delimiter', '');
  const given = intOf(node, 'maxsplit', -1);
  const most = given < 0 ? Infinity : given;
  return delimiter === '' ? (text) => words(text, most) : (text) => pieces(text, delimiter, most);
};

/** What is left after the last cut is one part, delimiters and all. */
const pieces = (text: string, delimiter: string, most: number): readonly string[] => {
  const all = text.split(delimiter);
  return all.length <= most + 1 ? all : [...all.slice(0, most), all.slice(most).join(delimiter)];
};

/** White space in front and behind belongs to no part; the last part keeps what is inside it. */
const words = (text: string, most: number): readonly string[] => {
  const out: string[] = [];
  for (const found of text.matchAll(/\P{White_Space}+/gu)) {
    if (out.length === most) return [...out, text.slice(found.index).replace(/\p{White_Space}+$/u, '')];
    out.push(found[0]);
  }
  return out;
};
