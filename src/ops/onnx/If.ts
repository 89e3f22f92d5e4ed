import { regionOf } from '../../ir/attributes.ts';

import type { Type } from '../../ir/model.ts';
import { formatType, join } from '../../ir/shape.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { knownInts } from './axes.ts';
import { checkArity, isTrue } from './bodies.ts';

const branches = ['then_branch', 'else_branch'] as const;

/** The results of one of two bodies, as the condition says. ONNX Operators, If. */
export const If: Operator = {
  domain: '',
  name: 'If',
  since: [1, 11, 13, 16, 19, 21, 23, 24, 25],
  bodies: () => new Map(branches.map((name) => [name, { params: [] }])),
  infer: (node, known) => {
    if (node.inputs[0]?.type.kind !== 'unknown') tensorInput(node, 0, ['bool']);
    const [yes, no] = branches.map((name) => {
      const body = regionOf(node, name);
      checkArity(node, name, body, 0, node.outputs.length);
      return body.results.map((r) => r.type);
    }) as [Type[], Type[]];
    if (yes.length !== no.length) refused(node, `its branches give ${yes.length} and ${no.length} values`);
    const condition = knownInts(node, 0, known);
    if (condition?.length === 1) return condition[0] ? yes : no;
    return yes.map((y, i) => {
      const n = no[i] as Type;
      const both = join(y, n);
      const told =
        both.kind !== 'unknown' || y.kind === 'unknown' || n.kind === 'unknown' || y.kind !== n.kind;
      return told
        ? both
        : refused(node, `its branches give ${formatType(y)} and ${formatType(n)} for output ${i}`);
    });
  },
  apply: ([condition], node, scope) =>
    scope.run(regionOf(node, isTrue(node, condition) ? 'then_branch' : 'else_branch')),
};
