import { attr } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import type { Operator } from '../operator.ts';
import { cast } from './earlier.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided } from './expansion.ts';
import { equals } from './symbols.ts';

/** Strings are compared from 19 on; with a constant LabelEncoder does it. */
const ofStrings: NonNullable<Operator['express']> = (node, b) => {
  const [x, y] = node.inputs as readonly [Value, Value];
  if (x.type.kind !== 'tensor' || x.type.dtype !== 'string') return undefined;
  const known = b.known(y) ?? b.known(x);
  const tested = b.known(y) ? x : y;
  if (known?.count !== 1) {
    return refuse('express/string-equal', 'before opset 19 strings can be compared with one constant alone');
  }
  const flag = b.op(['ai.onnx.ml', 'LabelEncoder'], [tested], {
    keys_strings: attr.strings(known.read(0, 1) as string[]),
    values_int64s: attr.ints([1]),
    default_int64: attr.int(0),
  });
  return [cast(b, flag, 'bool')];
};

/** A = B, element by element; NaN equals nothing. Strings too. ONNX Operators, Equal. */
export const Equal: readonly Operator[] = [
  {
    domain: '',
    name: 'Equal',
    since: [7, 11, 13, 19],
    infer: inferElementwise(undefined, 'bool'),
    elements: pairedElements(equals),
    evaluate: evaluateBinary(
      (x, y) => x === y,
      (x, y) => x === y,
      'bool',
    ),
    lower: lowerTo('eq', 'bool'),
    express: ofStrings,
    rows: rowsEach,
  },
  oneSided('Equal', [1], 'bool'),
];
