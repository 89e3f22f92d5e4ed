import { regionOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import { formatType } from '../../ir/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { at, Collector, type Operand, together } from './elements.ts';
import { isTrue, plane } from './planes.ts';
import { arity, broadcastAll } from './types.ts';
import { not, orAll } from './where.ts';

/**
 * The results of a region where the guard `bool?` `[N, 1]` is TRUE, missing elsewhere. The region has no inputs of its own,
 * it captures. It is computed for every row: operators are total and pure, so that a target may skip, but need not.
 */
export const Segment: Operator = {
  domain: OWN,
  name: 'Segment',
  since: [1],
  infer: (node) => {
    arity(node, 1);
    const guard = tensorInput(node, 0, ['bool']);
    const { params, results } = regionOf(node, 'body');
    if (params.length > 0) refused(node, 'its body has inputs; it can only capture');
    return results.map((r) => {
      if (r.type.kind !== 'tensor')
        return refused(node, `its body gives ${formatType(r.type)}, not a tensor`);
      if ((r.type.dims?.length ?? 0) > 2) refused(node, `'${r.name}' has more than two axes`);
      return tensorType(r.type.dtype, broadcastAll(node, [guard, r.type]), 'missing');
    });
  },
  apply: ([guard], node, scope) =>
    scope.run(regionOf(node, 'body')).map((given) => {
      const result = given as Tensor;
      const { dims, count, operands } = together(node, [guard as Tensor, result]);
      const [when, x] = operands as [Operand, Operand];
      const out = new Collector(result.dtype, dims);
      for (let i = 0; i < count; i++) {
        const [g, j] = [at(when, i), at(x, i)];
        if (when.data[g] && !when.missing?.[g] && !x.missing?.[j]) {
          out.set(i, x.data[j] as Tensor['data'][number]);
        }
      }
      return out.tensor();
    }),
  rows: () => 'each',
};

/** The segment over planes, once its body stands in the graph: what `plain` makes of it. */
export const segmentResult = (
  node: Node,
  b: Builder,
  guard: Plane,
  results: readonly Plane[],
): readonly Plane[] => {
  const closed = not(b, isTrue(b, guard));
  return results.map((r, i) => plane(b, node.outputs[i] as Value, r.data, orAll(b, [r.missing, closed])));
};
