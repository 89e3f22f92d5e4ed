import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { cast } from './earlier.ts';
import { pairedElements } from './elements.ts';
import { evaluateBinary, inferElementwise, lowerTo, rowsEach } from './elementwise.ts';
import { oneSided, toOneSided } from './expansion.ts';
import { equals } from './symbols.ts';

/** Floats are from 11 on. Neither is less than the other, and one is no NaN: below Infinity or above -Infinity. */
const ofFloats = (b: Builder, dtype: 'float32' | 'float64', x: Value, y: Value): Value => {
  const infinity = b.constant(constant(dtype, [Infinity], []));
  const apart = b.op('Or', [b.op('Less', [x, y]), b.op('Less', [y, x])]);
  const number = b.op('Or', [b.op('Less', [x, infinity]), b.op('Greater', [x, b.op('Neg', [infinity])])]);
  const other = b.op('Or', [b.op('Less', [y, infinity]), b.op('Greater', [y, b.op('Neg', [infinity])])]);
  return b.op('And', [b.op('Not', [apart]), b.op('And', [number, other])]);
};

/** Strings are compared from 19 on; with a constant LabelEncoder does it. */
const ofStrings: NonNullable<Operator['express']> = (node, b) => {
  const [x, y] = node.inputs as readonly [Value, Value];
  const dtype = x.type.kind === 'tensor' ? x.type.dtype : undefined;
  if (dtype === 'float32' || dtype === 'float64') return [ofFloats(b, dtype, x, y)];
  if (dtype !== 'string') return undefined;
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
    express: (node, b, opsets) => toOneSided(node, b, opsets) ?? ofStrings(node, b, opsets),
    carriers: whereHeld,
    rows: rowsEach,
  },
  oneSided('Equal', [1], 'bool'),
];
