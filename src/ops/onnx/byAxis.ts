import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import { dimsOf, fromFront, knownInts } from './axes.ts';
import { cast } from './earlier.ts';
import { number } from './expansion.ts';

/**
 * What is said with a constant axis, said with the axis that input `i` names while the model runs: one branch for each of the
 * first `count` axes of input 0.
 */
export const byAxis = (
  node: Node,
  b: Builder,
  i: number,
  count: number,
  along: (b: Builder, axis: number) => Value,
): Value => {
  const at = node.inputs[i] as Value;
  const rank = dimsOf(node.inputs[0])?.length ?? count;
  const [known] = knownInts(node, i, b.known) ?? [];
  if (known !== undefined) return along(b, fromFront(node, known, rank));
  const from = (axis: number, around: Builder): Value => {
    if (axis === count - 1) return along(around, axis);
    const [here, further] = [around.inner(), around.inner()];
    const is = (n: number) => around.op('Equal', [cast(around, at, 'int64'), number(around, 'int64', n)]);
    return around.op('If', [around.op('Or', [is(axis), is(axis - rank)])], {
      then_branch: attr.region(here.finish([along(here, axis)])),
      else_branch: attr.region(further.finish([from(axis + 1, further)])),
    });
  };
  return from(0, b);
};
