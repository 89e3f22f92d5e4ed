/** Class labels as the classifiers of ai.onnx.ml hold them: a list of integers or a list of strings. */
import { stringsOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import { refused } from '../operator.ts';
import { literal, wideInts } from './build.ts';

export interface Labels {
  readonly dtype: 'int64' | 'string';
  readonly values: readonly (number | bigint | string)[];
}

/** `ints` is the name of the integer list: `classlabels_ints`, or `classlabels_int64s` in the tree operators. */
export const labelsOf = (node: Node, ints: string): Labels => {
  const strings = stringsOf(node, 'classlabels_strings') ?? [];
  const integers = wideInts(node, ints);
  if (strings.length > 0 === integers.length > 0) {
    refused(node, `exactly one of classlabels_strings and ${ints} must list the classes`);
  }
  return strings.length > 0 ? { dtype: 'string', values: strings } : { dtype: 'int64', values: integers };
};

/** Labels `[N]` from class indices int64 `[N]`. */
export const labelsAt = (b: Builder, labels: Labels, index: Value): Value =>
  b.op('Gather', [literal(b, labels.dtype, labels.values), index]);

/** Labels `[N]` of two classes: the second where `positive`, bool `[N]`, is true. */
export const labelsWhere = (b: Builder, labels: Labels, positive: Value): Value =>
  b.op('Where', [
    positive,
    literal(b, labels.dtype, [labels.values[1] as string], []),
    literal(b, labels.dtype, [labels.values[0] as string], []),
  ]);
